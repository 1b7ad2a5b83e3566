import { type CompletionItem, completionGradient, type LanguageModel, tailActivations } from "@haps/language-model";
import { describeEachBackend } from "@haps/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { smallLora, smallModel, smallShapes } from "../decoder/small-models.ts";
import { drawItem, flatGradient, referenceLogLikelihood } from "./gradient-items.ts";

describeEachBackend("what completionGradient takes and refuses", () => {
  let model: LanguageModel;
  let good: CompletionItem;
  beforeAll(() => {
    model = smallModel(smallShapes["llama with grouped queries and scaled rotation"]!, 1);
    good = drawItem(model, 1, { prompt: 3, completion: 4 }, { layers: [1], projections: ["o"] });
  });
  afterAll(() => {
    model.dispose();
  });

  it("has nothing to do for no items", () => {
    expect(completionGradient(model, [])).toEqual({ logLikelihoods: [], gradients: [] });
  });

  it("gives an empty completion likelihood 1 and no slope", () => {
    for (const mode of ["tail", "full"] as const) {
      const { logLikelihoods, gradients } = completionGradient(model, [{ ...good, tokens: [] }, good], { mode });
      expect(logLikelihoods[0]).toBe(0);
      expect(flatGradient(gradients[0]).every((slope) => slope === 0)).toBe(true);
      expect(gradients[0]?.targets[0]?.down.length).toBe(good.lora.targets[0]?.down.length);
      expect({ logLikelihoods: logLikelihoods.slice(1), gradients: gradients.slice(1) }).toEqual(
        completionGradient(model, [good], { mode }),
      );
    }
  });

  it("gives the likelihood under the base weights where there are no targets", () => {
    const lora = { id: "none", targets: [], scale: 1 };
    for (const mode of ["tail", "full"] as const) {
      const { logLikelihoods, gradients } = completionGradient(model, [{ ...good, lora }], { mode });
      expect(Math.abs((logLikelihoods[0] as number) - referenceLogLikelihood(model, good, lora))).toBeLessThan(1e-4);
      expect(gradients).toEqual([lora]);
    }
  });

  it("takes slopes times the weight, also 0 and less", () => {
    const of = (weight: number) => flatGradient(completionGradient(model, [{ ...good, weight }]).gradients[0]);
    const one = of(1);
    expect(of(-2)).toEqual(one.map((slope) => -2 * slope));
    expect(of(0).every((slope) => slope === 0)).toBe(true);
  });

  it.each([
    ["an empty prompt", { promptTokens: [] }, "data", "item 1 has a prompt without tokens"],
    ["a token outside the vocabulary", { tokens: [1, 23] }, "data", "item 1 has token 23 at position 4"],
    ["half a token", { promptTokens: [0.5] }, "data", "item 1 has token 0.5 at position 0"],
    [
      "more than the context",
      { tokens: new Array<number>(63).fill(1) },
      "data",
      "item 1 has 66 tokens; expected at most",
    ],
    ["a weight that is no number", { weight: Number.NaN }, "config", "item 1 has weight NaN"],
  ] as const)("refuses %s, by item", (_, change, code, text) => {
    const run = () => completionGradient(model, [good, { ...good, ...change }]);
    expect(run).toThrow(expect.objectContaining({ code, message: expect.stringContaining(text) as string }));
    expect(run).toThrow(expect.objectContaining({ facts: expect.objectContaining({ item: 1 }) as object }));
  });

  it("takes as many tokens as the context holds and one to predict", () => {
    const { logLikelihoods } = completionGradient(model, [{ ...good, tokens: new Array<number>(62).fill(1) }]);
    expect(logLikelihoods[0]).toBeLessThan(0);
  });

  it("refuses LoRA weights that do not fit, by name", () => {
    const lora = smallLora(model, 1, { layers: [1], projections: ["o"] });
    const bad = lora.targets.map((factors) => ({ ...factors, up: factors.up.with(2, Number.NaN) }));
    expect(() => completionGradient(model, [{ ...good, lora: { ...lora, targets: bad } }])).toThrow(
      expect.objectContaining({
        code: "non-finite",
        message: expect.stringContaining("layer 1 o up has NaN") as string,
      }),
    );
  });

  it("names item and token of a log-likelihood that is no number", () => {
    const items = [good, { ...good, lora: { ...good.lora, scale: 1e40 } }];
    for (const options of [{}, { chunkRows: 1 }, { mode: "full" }] as const) {
      expect(() => completionGradient(model, items, options)).toThrow(
        expect.objectContaining({ code: "non-finite", facts: { item: 1, token: 0 } }),
      );
    }
  });

  it("names the items of a pass whose slopes are no numbers although their log-likelihoods are", () => {
    const targets = good.lora.targets.map((factors) => ({
      ...factors,
      down: factors.down.map(() => 1e3),
      up: factors.up.map(() => 0),
    }));
    const steep = { ...good, lora: { ...good.lora, scale: 1e38, targets } };
    expect(completionGradient(model, [{ ...steep, lora: { ...steep.lora, scale: 1 } }]).logLikelihoods[0]).toBeLessThan(
      0,
    );
    expect(() => completionGradient(model, [good, steep])).toThrow(
      expect.objectContaining({ code: "non-finite", facts: { items: [0, 1] } }),
    );
  });

  it("refuses activations of something else", () => {
    const cut = { layer: 1, fixed: "attention" } as const;
    const of = (item: CompletionItem) => tailActivations(model, [item], cut);
    const state = expect.objectContaining({ code: "state" }) as unknown;
    expect(() => completionGradient(model, [good], { activations: [] })).toThrow(state);
    for (const other of [
      { ...good, tokens: [...good.tokens.slice(0, -2), 0, 0] },
      { ...good, tokens: [...good.tokens, 1] },
      { ...good, lora: smallLora(model, 1, { layers: [0], projections: ["o"] }) },
      { ...good, lora: smallLora(model, 1, { layers: [1], projections: ["q"] }) },
    ]) {
      expect(() => completionGradient(model, [other], { activations: of(good) })).toThrow(state);
    }
    // The last token is only predicted.
    const other = { ...good, tokens: [...good.tokens.slice(0, -1), 0] };
    expect(completionGradient(model, [other], { activations: of(good) })).toEqual(completionGradient(model, [other]));
  });

  it("refuses chunks of no rows", () => {
    for (const chunkRows of [0, 1.5, Number.NaN]) {
      expect(() => completionGradient(model, [good], { chunkRows })).toThrow(
        expect.objectContaining({ code: "config" }),
      );
    }
  });
});

describe("tailActivations", () => {
  it("refuses tokens outside the vocabulary, by item", () => {
    const model = smallModel(smallShapes["llama with grouped queries and scaled rotation"]!, 1);
    const items = [
      { promptTokens: [1], tokens: [2] },
      { promptTokens: [1], tokens: [-1] },
    ];
    expect(() => tailActivations(model, items, { layer: 0, fixed: "nothing" })).toThrow(
      expect.objectContaining({ code: "data", facts: { item: 1, position: 1, token: -1 } }),
    );
    model.dispose();
  });
});

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type CompletionItem,
  completionGradient,
  type LanguageModel,
  languageModelFrom,
  loadLanguageModel,
} from "@haps/language-model";
import type { GradientItem, LoraTarget } from "@haps/spec";
import { readVariables } from "@haps/tensor";
import { describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { referenceLogits } from "../decoder/reference-decoder.ts";
import { smallModel, smallShapes } from "../decoder/small-models.ts";
import { drawItem, expectSameGradients, flatGradient } from "./gradient-items.ts";

/** Written by make-gradients.py: autograd of PyTorch through what was sampled from, in float64. */
interface Golden {
  readonly scale: number;
  readonly promptTokens: readonly number[];
  readonly sampledCases: readonly {
    readonly model: string;
    readonly name: string;
    readonly decoding: NonNullable<GradientItem["decoding"]>;
    readonly tokens: readonly number[];
    readonly logLikelihood: number;
    readonly targets: readonly (Readonly<Record<"down" | "up" | "downGradient" | "upGradient", readonly number[]>> & {
      readonly target: LoraTarget;
    })[];
  }[];
}

const FIXTURES = fileURLToPath(new URL("../fixtures", import.meta.url));
const golden = JSON.parse(readFileSync(`${FIXTURES}/gradient/gradients.json`, "utf8")) as Golden;

type Decoding = NonNullable<CompletionItem["decoding"]>;

describeEachBackend("gradients under what was sampled", () => {
  it.each(golden.sampledCases)("are those of PyTorch: $model, LoRA on $name, $decoding", async (entry) => {
    const model = await loadLanguageModel(`${FIXTURES}/models/${entry.model}`);
    const weightsOf = (down: "down" | "downGradient", up: "up" | "upGradient") => ({
      id: "golden",
      scale: golden.scale,
      targets: entry.targets.map((factors) => ({
        target: factors.target,
        down: Float32Array.from(factors[down]),
        up: Float32Array.from(factors[up]),
      })),
    });
    const { promptTokens } = golden;
    const { tokens, decoding } = entry;
    const lora = weightsOf("down", "up");
    const item: CompletionItem = { promptTokens, tokens, lora, weight: 1, likelihood: "sampled", decoding };
    const expected = {
      logLikelihoods: [entry.logLikelihood],
      gradients: [weightsOf("downGradient", "upGradient")],
    };
    for (const mode of ["tail", "full"] as const) {
      expectSameGradients(completionGradient(model, [item], { mode }), expected, 5e-5);
    }
    model.dispose();
  });

  describe("of a small model", () => {
    let model: LanguageModel;
    let full: CompletionItem;
    const places = { layers: [1], projections: ["o", "down"] } as const;
    /** With tokens that the oracle draws greedily by rank among the likeliest. */
    const itemWith = (decoding: Decoding, ranks: readonly number[]): CompletionItem => {
      const tokens: number[] = [];
      for (const rank of ranks) tokens.push(orderOf(lastLogits(model, { ...full, tokens }))[rank] as number);
      return { ...full, tokens, likelihood: "sampled", decoding };
    };
    beforeAll(() => {
      model = smallModel(smallShapes["llama with grouped queries and scaled rotation"]!, 1);
      full = drawItem(model, 1, { prompt: 5, completion: 6, weight: -1.5 }, places);
    });
    afterAll(() => {
      model.dispose();
    });

    it("are those under the full softmax where nothing is cut off at temperature 1", () => {
      for (const nucleus of ["standard", "released"] as const) {
        const item: CompletionItem = {
          ...full,
          likelihood: "sampled",
          decoding: { temperature: 1, topP: 1, topK: 23, nucleus },
        };
        for (const mode of ["tail", "full"] as const) {
          expectSameGradients(
            completionGradient(model, [item], { mode }),
            completionGradient(model, [full], { mode }),
            1e-5,
          );
        }
      }
    });

    it("are those of the formula by finite differences, at a temperature", () => {
      for (const decoding of [
        { temperature: 2, topP: 0.7 },
        { temperature: 0.5, topP: 0.97, nucleus: "released" },
        { temperature: 3, topK: 5, topP: 0.8, nucleus: "released" },
      ] as const satisfies readonly Decoding[]) {
        const item = itemWith(decoding, [0, 1, 0, 1]);
        const { logLikelihoods, gradients } = completionGradient(model, [item]);
        expectClose(logLikelihoods[0] as number, sampledLikelihood(model, item), { rtol: 1e-4, atol: 1e-5 });
        const largest = Math.max(...flatGradient(gradients[0]).map(Math.abs));
        for (const [target, factor, element] of [
          [0, "down", 3],
          [0, "up", 9],
          [1, "down", 7],
          [1, "up", 2],
        ] as const) {
          const slope = slopeOf(model, item, target, factor, element);
          const got = gradients[0]?.targets[target]?.[factor][element] as number;
          expectClose(got, slope, { rtol: 1e-3, atol: 1e-4 * largest });
        }
      }
    });

    it("are zero, and likelihood 1, where one token is kept", () => {
      for (const decoding of [
        { temperature: 1, topP: 1e-6 },
        { temperature: 1, topP: 1e-6, nucleus: "released" },
        { temperature: 0.7, topK: 1 },
        { temperature: 0 },
        {},
      ] as const satisfies readonly Decoding[]) {
        const { logLikelihoods, gradients } = completionGradient(model, [itemWith(decoding, [0, 0, 0])]);
        expect(Math.abs(logLikelihoods[0] as number)).toBe(0);
        expect(flatGradient(gradients[0]).every((slope) => slope === 0)).toBe(true);
      }
    });

    it("refuse a token that its decoding does not keep, by item and place", () => {
      for (const decoding of [{ temperature: 1, topK: 3 }, { temperature: 1, topP: 0.1 }, { temperature: 0 }]) {
        for (const mode of ["tail", "full"] as const) {
          const bad = itemWith(decoding, [0, 20]);
          expect(() => completionGradient(model, [full, bad], { mode })).toThrow(
            expect.objectContaining({
              code: "data",
              message: expect.stringContaining("token 1 of item 1") as string,
              facts: expect.objectContaining({ item: 1, token: 1, id: bad.tokens[1] }) as object,
            }),
          );
        }
      }
    });

    it("need a decoding, and a good one, by item", () => {
      const item: CompletionItem = { ...full, likelihood: "sampled" };
      expect(() => completionGradient(model, [full, item])).toThrow(
        expect.objectContaining({ code: "config", message: expect.stringContaining("item 1 asks for") as string }),
      );
      expect(() => completionGradient(model, [full, { ...item, decoding: { topP: 2 } }])).toThrow(
        expect.objectContaining({ message: expect.stringContaining("item 1: decoding") as string }),
      );
    });

    it("do not feel other items, of either kind", () => {
      const items = [
        itemWith({ temperature: 1, topP: 0.9 }, [0, 1, 0]),
        full,
        itemWith({ temperature: 2, topK: 4, nucleus: "released" }, [3, 1]),
        { ...full, weight: 0 },
        { ...itemWith({ temperature: 1, topP: 0.9 }, [0, 1, 0]), weight: 0 },
      ];
      for (const mode of ["tail", "full"] as const) {
        const together = completionGradient(model, items, { mode });
        items.forEach((item, index) => {
          const alone = completionGradient(model, [item], { mode });
          expectClose(together.logLikelihoods[index] as number, alone.logLikelihoods[0] as number, { rtol: 1e-6 });
          const numbers = flatGradient(alone.gradients[0]);
          expectClose(flatGradient(together.gradients[index]), numbers, { rtol: 1e-5, atol: 1e-7 });
        });
      }
    });

    it("free what they make, also after an error", () => {
      const item = itemWith({ temperature: 1, topP: 0.9 }, [0, 1, 0]);
      expectNoTensorLeak(() => {
        completionGradient(model, [item]);
        expect(() => completionGradient(model, [{ ...item, decoding: { topK: 1 } }])).toThrow();
      });
    });
  });

  it("let a token join what rounding left it out of", () => {
    // Equal logits everywhere: of two kept tokens the lower ids count as likelier, so that token 5 is out, but by nothing.
    const model = smallModel(smallShapes["llama with grouped queries and scaled rotation"]!, 1);
    const arrays = readVariables(model.variables);
    const head = arrays.get("head/kernel");
    head?.values.fill(0);
    const flat = languageModelFrom(model.config, arrays);
    const item = drawItem(model, 1, { prompt: 3, completion: 0 }, { layers: [1], projections: ["o"] });
    const sampled: CompletionItem = {
      ...item,
      tokens: [5],
      likelihood: "sampled",
      decoding: { temperature: 1, topK: 2 },
    };
    const { logLikelihoods } = completionGradient(flat, [sampled]);
    expectClose(logLikelihoods[0] as number, -Math.log(3), { rtol: 1e-6 });
    for (const made of [model, flat]) made.dispose();
  });
});

function lastLogits(model: LanguageModel, { promptTokens, tokens, lora }: CompletionItem): readonly number[] {
  return referenceLogits(model, [...promptTokens, ...tokens], lora).at(-1) as number[];
}

function orderOf(logits: readonly number[]): readonly number[] {
  return logits.map((_, token) => token).sort((one, other) => (logits[other] as number) - (logits[one] as number));
}

/** What a decoding keeps, by sorting. */
function keptOf(logits: readonly number[], { temperature = 0, topK, topP = 1, nucleus }: Decoding): readonly number[] {
  const order = orderOf(logits).slice(0, topK);
  const weights = order.map((token) =>
    Math.exp(((logits[token] as number) - (logits[order[0]!] as number)) / temperature),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let mass = 0;
  return order.filter((_, place) => {
    const before = mass;
    mass += (weights[place] as number) / total;
    return topP === 1 || place === 0 || (nucleus === "released" ? mass <= topP : before < topP);
  });
}

/** Float64, from the oracle's logits; the kept sets are those of `base`. */
function sampledLikelihood(model: LanguageModel, item: CompletionItem, base: CompletionItem = item): number {
  return item.tokens.reduce((sum, token, place) => {
    const tokens = item.tokens.slice(0, place);
    const kept = keptOf(lastLogits(model, { ...base, tokens }), item.decoding as Decoding);
    const logits = lastLogits(model, { ...item, tokens }).map(
      (logit) => logit / (item.decoding?.temperature as number),
    );
    return (
      sum +
      (logits[token] as number) -
      Math.log(kept.reduce((mass, other) => mass + Math.exp(logits[other] as number), 0))
    );
  }, 0);
}

function slopeOf(
  model: LanguageModel,
  item: CompletionItem,
  target: number,
  factor: "down" | "up",
  element: number,
): number {
  const [below, above] = ([-(2 ** -11), 2 ** -11] as const).map((offset) => {
    let input = 0;
    const targets = item.lora.targets.map((factors, index) => {
      if (index !== target) return factors;
      input = Math.fround((factors[factor][element] as number) + offset);
      return { ...factors, [factor]: factors[factor].with(element, input) };
    });
    return { input, output: sampledLikelihood(model, { ...item, lora: { ...item.lora, targets } }, item) };
  }) as [{ input: number; output: number }, { input: number; output: number }];
  return (item.weight * (above.output - below.output)) / (above.input - below.input);
}

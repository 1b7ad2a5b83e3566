import {
  type CompletionItem,
  completionGradient,
  type LanguageModel,
  tailActivations,
  tailCutOf,
} from "@haps/language-model";
import { describeEachBackend, expectClose } from "@haps/testing";
import { describe, expect, it } from "vitest";
import { smallModel, smallShapes } from "../decoder/small-models.ts";
import {
  drawItem,
  expectSameGradients,
  flatGradient,
  referenceLogLikelihood,
  referenceSlope,
} from "./gradient-items.ts";

const shapes = Object.entries(smallShapes).map(([name, shape]) => [name, { ...shape, layers: 3 }] as const);
const sizes = [
  { prompt: 4, completion: 5, weight: 0.8 },
  { prompt: 1, completion: 1, weight: -1.5 },
  { prompt: 7, completion: 9, weight: 0.3 },
];

/** Where LoRA may lie, by the rows and layers that it leaves alone. */
const placements: Readonly<Record<string, Parameters<typeof drawItem>[3]>> = {
  "o of the last layer": { layers: [2], projections: ["o"] },
  "the feed-forward layer of the last": { layers: [2], projections: ["gate", "up", "down"] },
  "q of the last layer": { layers: [2], projections: ["q", "o"] },
  "k and v of the last layer": { layers: [2], projections: ["k", "v"] },
  "all of the last layer": { layers: [2] },
  "o of the last two layers": { layers: [1, 2], projections: ["o"] },
  "q of the last but one": { layers: [1], projections: ["q"] },
  "all of the last two layers": { layers: [1, 2] },
  "the first layer only": { layers: [0], projections: ["down"] },
  "all of all layers": {},
};

function itemsOf(model: LanguageModel, lora: Parameters<typeof drawItem>[3] = {}): CompletionItem[] {
  return sizes.map((size, index) => drawItem(model, index, size, lora));
}

describeEachBackend("completionGradient", (backend) => {
  for (const [name, shape] of shapes) {
    describe(name, () => {
      it("gives log-likelihoods and slopes of the formulas, in float64", () => {
        const model = smallModel({ ...shape, layers: 2 }, 1);
        const items = sizes.slice(0, 2).map((size, index) => drawItem(model, index, size));
        for (const mode of ["tail", "full"] as const) {
          const { logLikelihoods, gradients } = completionGradient(model, items, { mode });
          items.forEach((item, index) => {
            expectClose(logLikelihoods[index] as number, referenceLogLikelihood(model, item, item.lora), {
              rtol: 2e-5,
            });
            item.lora.targets.forEach(({ target, down, up }, place) => {
              const got = gradients[index]?.targets[place];
              expect(got?.target).toEqual(target);
              for (const [factor, size] of [
                ["down", down.length],
                ["up", up.length],
              ] as const) {
                const element = (place * 7 + 3) % size;
                const slope = referenceSlope(model, item, { target: place, factor, element });
                const largest = Math.max(...flatGradient(gradients[index]).map(Math.abs));
                expectClose(got?.[factor][element] as number, slope, { rtol: 1e-4, atol: 1e-5 * largest });
              }
            });
          });
        }
        model.dispose();
      });

      it.each(Object.entries(placements))("gives the same by tail and in full: %s", (placement, lora) => {
        const model = smallModel(shape, 2);
        const items = itemsOf(model, lora);
        const full = completionGradient(model, items, { mode: "full" });
        // The second item has one token, whose softmax has one term whatever the query.
        const zero = placement === "q of the last but one" ? [1] : [];
        expectSameGradients(completionGradient(model, items), full, 1e-5, zero);
        expectSameGradients(completionGradient(model, items, { chunkRows: 2 }), full, 1e-5, zero);
        model.dispose();
      });
    });
  }

  it("does not let items feel their neighbours", () => {
    const [, shape] = shapes[0] as (typeof shapes)[number];
    const model = smallModel(shape, 3);
    const items = Object.values(placements).flatMap((lora) => itemsOf(model, lora));
    for (const options of [{}, { chunkRows: 3 }, { mode: "full" }] as const) {
      const together = completionGradient(model, items, options);
      items.forEach((item, index) => {
        const alone = completionGradient(model, [item], options);
        const own = {
          logLikelihoods: [together.logLikelihoods[index] as number],
          gradients: together.gradients.slice(index, index + 1),
        };
        if (backend === "wasm") expect(own).toEqual(alone);
        else expectSameGradients(own, alone, 1e-6);
      });
    }
    model.dispose();
  });

  it("does not let items feel who has the same prompt, the same weights or the same tokens", () => {
    for (const [, shape] of shapes) {
      const model = smallModel(shape, 6);
      for (const placement of ["o of the last layer", "q of the last layer", "o of the last two layers"]) {
        const lora = placements[placement] ?? {};
        const [one, other] = [1, 2].map((seed) => drawItem(model, seed, { prompt: 9, completion: 6 }, lora)) as [
          CompletionItem,
          CompletionItem,
        ];
        const replies = [one.tokens, other.tokens, one.tokens.slice(0, 1), [], one.tokens];
        const items = [one, other].flatMap((item, index) =>
          replies.map((tokens, reply) => ({
            promptTokens: reply < 3 ? one.promptTokens : other.promptTokens,
            tokens,
            lora: item.lora,
            weight: reply + index - 1,
          })),
        );
        const repeated = [...items, ...items.map((item) => ({ ...item, weight: 2 * item.weight }))];
        const together = completionGradient(model, repeated);
        repeated.forEach((item, index) => {
          const alone = completionGradient(model, [item]);
          const numbers = [together.logLikelihoods[index] as number, ...flatGradient(together.gradients[index])];
          const expected = [alone.logLikelihoods[0] as number, ...flatGradient(alone.gradients[0])];
          if (backend === "wasm") expect(numbers.map((value) => value + 0)).toEqual(expected.map((value) => value + 0));
          else expectClose(numbers, expected, { rtol: 1e-5, atol: 1e-6 });
        });
        expectSameGradients(
          together,
          completionGradient(model, repeated, { mode: "full" }),
          1e-5,
          repeated.flatMap(({ tokens, weight }, index) => (tokens.length === 0 || weight === 0 ? [index] : [])),
        );
      }
      model.dispose();
    }
  });

  it("takes as many completions of a prompt as there are, also more than go through at once", () => {
    const [, shape] = shapes[0] as (typeof shapes)[number];
    const model = smallModel(shape, 7);
    const { promptTokens, lora } = drawItem(
      model,
      1,
      { prompt: 40, completion: 1 },
      { layers: [2], projections: ["o"] },
    );
    const items = Array.from({ length: 20 }, (_, seed) => {
      return { ...drawItem(model, seed, { prompt: 1, completion: 20 }), promptTokens, lora };
    });
    expectSameGradients(completionGradient(model, items), completionGradient(model, items, { mode: "full" }), 1e-5);
    model.dispose();
  });

  it("takes long sequences in parts", () => {
    const [, shape] = shapes[2] as (typeof shapes)[number];
    const model = smallModel({ ...shape, context: 400 }, 4);
    const long = [
      drawItem(model, 1, { prompt: 150, completion: 150 }, { layers: [2], projections: ["o"] }),
      drawItem(model, 2, { prompt: 20, completion: 130 }, { layers: [2], projections: ["q"] }),
      drawItem(model, 3, { prompt: 140, completion: 3 }, { layers: [1, 2], projections: ["gate"] }),
      drawItem(model, 4, { prompt: 140, completion: 3 }, { layers: [1], projections: ["v"] }),
    ];
    expectSameGradients(completionGradient(model, long), completionGradient(model, long, { mode: "full" }), 1e-5);
    model.dispose();
  });

  it("uses activations that were made before, for any values of the factors", () => {
    const [, shape] = shapes[1] as (typeof shapes)[number];
    const model = smallModel(shape, 5);
    for (const lora of Object.values(placements)) {
      const items = itemsOf(model, lora);
      const cut = tailCutOf(items[0]?.lora.targets.map(({ target }) => target) ?? [], model.config);
      const activations = tailActivations(model, items, cut);
      const moved = items.map((item, index) => ({ ...item, lora: drawItem(model, 50 + index, sizes[0]!, lora).lora }));
      expect(completionGradient(model, items, { activations })).toEqual(completionGradient(model, items));
      expect(completionGradient(model, moved, { activations })).toEqual(completionGradient(model, moved));
    }
    model.dispose();
  });
});

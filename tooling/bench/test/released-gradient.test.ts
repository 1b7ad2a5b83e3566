import { completionGradient, createLanguageModel } from "@haps/language-model";
import type { LoraTarget, LoraWeights } from "@haps/spec";
import { createRng } from "@haps/tensor";
import { describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import { it } from "vitest";
import { releasedGradient } from "../src/language-model/released-gradient.ts";

const shape = { vocabulary: 24, dim: 8, layers: 2, heads: 4, keyValueHeads: 2, headDim: 4, hidden: 12, context: 32 };
const places: readonly LoraTarget[] = [
  { layer: 0, projection: "v", in: 8, out: 8, rank: 2 },
  { layer: 1, projection: "q", in: 8, out: 16, rank: 2 },
  { layer: 1, projection: "o", in: 16, out: 8, rank: 2 },
  { layer: 1, projection: "up", in: 8, out: 12, rank: 2 },
];

describeEachBackend("releasedGradient", () => {
  it.each([
    { family: "llama", tiedEmbeddings: true },
    { family: "qwen2" },
    { family: "mistral", slidingWindow: 4 },
  ] as const)("takes another way to the numbers that it is timed against: $family", (family) => {
    const model = createLanguageModel({ ...shape, ...family, rng: createRng(1), initialDeviation: 0.4 });
    const rng = createRng(2);
    const lora: LoraWeights = {
      id: "a",
      scale: 0.5,
      targets: places.map((target) => ({
        target,
        down: rng.normals(target.rank * target.in, 0.4),
        up: rng.normals(target.out * target.rank, 0.4),
      })),
    };
    const item = { promptTokens: [1, 5, 9, 2], tokens: [7, 7, 3, 20, 11, 4], lora, weight: -0.7 };
    const expected = completionGradient(model, [item]);
    const got = releasedGradient(model, item);
    expectClose(got.logLikelihoods, expected.logLikelihoods);
    expected.gradients[0]?.targets.forEach(({ down, up }, place) => {
      expectClose(got.gradients[0]?.targets[place]?.down ?? [], down, { rtol: 1e-4, atol: 1e-5 });
      expectClose(got.gradients[0]?.targets[place]?.up ?? [], up, { rtol: 1e-4, atol: 1e-5 });
    });
    expectNoTensorLeak(() => {
      releasedGradient(model, item);
      return [];
    });
    model.dispose();
  });
});

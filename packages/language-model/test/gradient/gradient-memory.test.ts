import { completionGradient, tailActivations, tailCutOf } from "@haps/language-model";
import { describeEachBackend, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { smallModel, smallShapes } from "../decoder/small-models.ts";
import { drawItem } from "./gradient-items.ts";

const llama = smallShapes["llama with grouped queries and scaled rotation"]!;

/** Most bytes of tensors at any time, beyond those that are there before. */
async function peakBytes(run: () => void): Promise<number> {
  run(); // caches fill
  const before = tf.memory().numBytes;
  const { peakBytes: peak } = await tf.profile(() => {
    run();
    return tf.scalar(0);
  });
  return peak - before;
}

describeEachBackend("memory of completionGradient", () => {
  it.each([
    ["o", ["o"]],
    ["the feed-forward layer", ["gate", "up", "down"]],
  ] as const)("does not grow with the completion where LoRA lies on %s of the last layer", async (_, projections) => {
    const model = smallModel({ ...llama, dim: 24, vocabulary: 64, context: 600 }, 1);
    const measured = [64, 512].map((completion, index) => {
      const item = drawItem(model, index, { prompt: 64, completion }, { layers: [1], projections });
      const cut = tailCutOf(
        item.lora.targets.map(({ target }) => target),
        model.config,
      );
      return { item, activations: tailActivations(model, [item], cut) };
    });
    const [short, long] = measured as [(typeof measured)[number], (typeof measured)[number]];
    const tail = ({ item, activations }: typeof short) =>
      peakBytes(() => void completionGradient(model, [item], { activations }));
    const whole = ({ item }: typeof short, mode: "tail" | "full") =>
      peakBytes(() => void completionGradient(model, [item], { mode }));
    expect((await tail(long)) / (await tail(short))).toBeLessThan(1.02);
    // What comes before adds the scores of one part of 128 rows, and no more.
    const growth = (await whole(long, "tail")) - (await whole(short, "tail"));
    expect(growth).toBeLessThan(1.1 * 4 * 128 * (64 + 512));
    expect((await whole(long, "full")) / (await whole(long, "tail"))).toBeGreaterThan(5);
    // What is kept per token of the completion, in plain arrays: the row and, behind it, what attention made of it.
    const { dim, heads, headDim } = model.config;
    expect(long.activations[0]?.rows.length).toBe(512 * dim);
    expect(long.activations[0]?.mixed?.length).toBe(512 * heads * headDim);
    model.dispose();
  });

  it("is all given back, also after an error", () => {
    const model = smallModel({ ...llama, layers: 3, context: 200 }, 2);
    const items = [
      drawItem(model, 1, { prompt: 5, completion: 4 }),
      drawItem(model, 2, { prompt: 3, completion: 140 }, { layers: [2], projections: ["o"] }),
      drawItem(model, 3, { prompt: 140, completion: 2 }, { layers: [2], projections: ["q"] }),
    ];
    const broken = items.map((item) => ({ ...item, lora: { ...item.lora, scale: 1e40 } }));
    expectNoTensorLeak(() => {
      completionGradient(model, items);
      completionGradient(model, items, { mode: "full" });
      for (const mode of ["tail", "full"] as const) {
        expect(() => completionGradient(model, broken, { mode })).toThrow(
          expect.objectContaining({ code: "non-finite" }),
        );
      }
      return [];
    });
    model.dispose();
  });
});

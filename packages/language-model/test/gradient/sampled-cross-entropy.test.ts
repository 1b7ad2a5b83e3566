import { checkGradient, describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { type SampledTarget, sampledCrossEntropy } from "../../src/gradient/sampled-cross-entropy.ts"; // internal

const TEMPERATURE = 2;
/** Logits of probabilities 0.5, 0.4, 0.1 at the temperature. */
const LOGITS = [0.5, 0.4, 0.1].map((probability) => TEMPERATURE * Math.log(probability));
const filter = { temperature: TEMPERATURE, topK: undefined, topP: 1, nucleus: "released" } as const;

/** Loss of one row and its slopes. */
function run(logits: readonly number[], target: SampledTarget): { loss: number; slopes: number[] } {
  return tf.tidy(() => {
    const x = tf.tensor2d([[...logits]]);
    const loss = sampledCrossEntropy(x, [target]).dataSync()[0] as number;
    if (!Number.isFinite(loss)) return { loss, slopes: [] };
    const slopes = tf.grad((rows) => tf.sum(sampledCrossEntropy(rows as tf.Tensor2D, [target])))(x);
    return { loss, slopes: [...slopes.dataSync()] };
  });
}

describeEachBackend("sampledCrossEntropy", () => {
  it("has the loss and the slopes of the kept tokens, at the temperature", () => {
    const { loss, slopes } = run(LOGITS, { token: 1, filter: { ...filter, topP: 0.95 } });
    expectClose(loss, -Math.log(4 / 9), { rtol: 1e-6 });
    expectClose(slopes, [5 / 9 / TEMPERATURE, -5 / 9 / TEMPERATURE, 0], { rtol: 1e-6 });
  });

  it.each([
    ["mass", LOGITS, { topP: 0.9 - 1e-5 }],
    ["logit", [LOGITS[0]!, LOGITS[0]!, LOGITS[2]!], { topK: 1 }],
  ] as const)("lets a token join that rounding of the %s left out", (what, logits, change) => {
    const { loss, slopes } = run(logits, { token: 1, filter: { ...filter, ...change } });
    const probability = what === "mass" ? 4 / 9 : 1 / 2;
    expectClose(loss, -Math.log(probability), { rtol: 1e-6 });
    expectClose(slopes, [(1 - probability) / TEMPERATURE, (probability - 1) / TEMPERATURE, 0], { rtol: 1e-6 });
  });

  it("finds the loss infinite further outside, and of impossible tokens", () => {
    expect(run(LOGITS, { token: 1, filter: { ...filter, topP: 0.9 - 1e-2 } }).loss).toBe(Number.POSITIVE_INFINITY);
    expect(run([0, -0.01, -1], { token: 1, filter: { ...filter, topK: 1 } }).loss).toBe(Number.POSITIVE_INFINITY);
    expect(run([0, -0.01, -1], { token: 1, filter: { ...filter, temperature: 0 } }).loss).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(run([0, Number.NEGATIVE_INFINITY], { token: 1, filter }).loss).toBe(Number.POSITIVE_INFINITY);
  });

  it("is certain of the best token, and of one that rounding makes second, at temperature 0", () => {
    for (const logits of [
      [1, 2, 0],
      [2 + 1e-6, 2, 0],
    ]) {
      const { loss, slopes } = run(logits, { token: 1, filter: { ...filter, temperature: 0 } });
      expect([Math.abs(loss), ...slopes.map(Math.abs)]).toEqual([0, 0, 0, 0]);
    }
  });

  it("has the slopes of its finite differences, away from where the kept set changes", () => {
    const targets: readonly SampledTarget[] = [
      { token: 0, filter: { ...filter, temperature: 0.7, topP: 0.8 } },
      { token: 3, filter: { ...filter, temperature: 1.3, topK: 3 } },
      { token: 2, filter: { ...filter, temperature: 1, topP: 0.6, nucleus: "standard" } },
    ];
    tf.tidy(() => {
      const logits = tf.tensor2d([
        [2, 1, 1.6, -1],
        [-2, 1, 2, 1.5],
        [0, 1, 1.5, -1],
      ]);
      checkGradient((x) => sampledCrossEntropy(x as tf.Tensor2D, targets), [logits]);
    });
  });
});

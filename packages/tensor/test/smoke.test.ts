import { createAdamW, createRng, createVariables, gelu, linear, loadBackend, logSoftmax, rmsNorm, softmaxCrossEntropy, trainStep } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

it("trains", async () => {
  const b = await loadBackend();
  process.stdout.write(JSON.stringify(b));
  const rng = createRng(3);
  const v = createVariables([
    ["a", { shape: [8, 4], values: rng.fork("a").normals(32, 0.3) }],
    ["b", { shape: [3, 8], values: rng.fork("b").normals(24, 0.3) }],
    ["g", tf.ones([8])],
  ]);
  const x = tf.tensor2d(rng.normals(64), [16, 4]);
  const y = tf.tensor1d(Array.from({ length: 16 }, () => rng.integer(3)), "int32");
  const o = createAdamW(v, { learningRate: 0.05 });
  const before = tf.memory().numTensors;
  const losses = [];
  for (let i = 0; i < 50; i++) {
    losses.push(trainStep(o, () => {
      const h = rmsNorm(gelu(linear(x, v.get("a") as tf.Tensor2D)), v.get("g") as tf.Tensor1D);
      return softmaxCrossEntropy(linear(h, v.get("b") as tf.Tensor2D) as tf.Tensor2D, y);
    }).loss);
  }
  process.stdout.write(losses.slice(0, 3) + " ... " + losses.at(-1));
  expect(tf.memory().numTensors).toBe(before);
  expect(losses.at(-1)).toBeLessThan(0.5);
  logSoftmax(x).dispose();
});

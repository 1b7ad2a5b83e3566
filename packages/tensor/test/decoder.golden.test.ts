import { createAdamW, createVariables, lossAndGradients, readVariables, trainStep } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { namedArrays, type PackedArray, type PackedArrays, readGolden, unpack } from "./support/golden.ts";
import { tinyDecoderLogits, tinyDecoderLoss, tinyDecoderVariables } from "./support/tiny-decoder.ts";

const golden = readGolden("decoder") as {
  readonly optimizer: { readonly learningRate: number; readonly weightDecay: number };
  readonly clipNorm: number;
  readonly start: PackedArrays;
  readonly ids: PackedArray;
  readonly targets: PackedArray;
  readonly first: { readonly logits: PackedArray; readonly gradients: PackedArrays };
  readonly losses: readonly number[];
  readonly norms: readonly number[];
  readonly end: PackedArrays;
};

describeEachBackend("a decoder of the Llama kind against PyTorch", () => {
  it("has the parameters of the reference, by name and shape", () => {
    const variables = tinyDecoderVariables(1);
    const shapes = Object.fromEntries([...variables].map(([name, variable]) => [name, variable.shape]));
    variables.dispose();
    expect(shapes).toEqual(Object.fromEntries(Object.entries(golden.start).map(([name, { shape }]) => [name, shape])));
  });

  it("gives the logits and the gradients of every parameter", () => {
    const variables = createVariables(namedArrays(golden.start));
    const ids = unpack(golden.ids, "int32");
    const targets = unpack(golden.targets, "int32");
    const logits = tf.tidy(() => tinyDecoderLogits(variables, ids));
    expectClose(logits, golden.first.logits.values, { rtol: 1e-4, atol: 1e-5 });
    const { loss, gradients } = lossAndGradients(variables, () => tinyDecoderLoss(variables, ids, targets));
    expectClose(loss, golden.losses[0] as number, { rtol: 1e-5 });
    for (const [name, { values }] of Object.entries(golden.first.gradients)) {
      expectClose(gradients.get(name) ?? [], values, { rtol: 1e-3, atol: 2e-6 });
    }
    tf.dispose([ids, targets, logits]);
    variables.dispose();
  });

  it("follows the reference through clipped steps of AdamW", () => {
    const variables = createVariables(namedArrays(golden.start));
    const optimizer = createAdamW(variables, golden.optimizer);
    const ids = unpack(golden.ids, "int32");
    const targets = unpack(golden.targets, "int32");
    golden.losses.forEach((loss, step) => {
      const result = trainStep(optimizer, () => tinyDecoderLoss(variables, ids, targets), {
        clipNorm: golden.clipNorm,
      });
      expectClose(result.loss, loss, { rtol: 2e-4 });
      expectClose(result.gradientNorm, golden.norms[step] as number, { rtol: 1e-3 });
    });
    const values = readVariables(variables);
    for (const [name, expected] of Object.entries(golden.end)) {
      // Adam divides by the root of squares, which magnifies the rounding of small gradients.
      expectClose(values.get(name)?.values ?? [], expected.values, { rtol: 1e-3, atol: 5e-4 });
    }
    tf.dispose([ids, targets]);
    variables.dispose();
  });
});

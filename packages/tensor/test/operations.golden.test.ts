import {
  type AttentionOptions,
  addLowRank,
  attention,
  embedding,
  type GeluForm,
  gelu,
  layerNorm,
  linear,
  logSoftmax,
  type RopeOptions,
  rmsNorm,
  rope,
  type SoftmaxCrossEntropyOptions,
  softmaxCrossEntropy,
  swiglu,
} from "@haps/tensor";
import { describeEachBackend, expectClose, type Tolerance } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { type OperationCase, readGolden, unpack } from "./support/golden.ts";

type Tensors = Readonly<Record<string, tf.Tensor>>;

/** How a case of a golden file is computed here. `constants` are made by the case and freed by the caller. */
type Run = (inputs: Tensors, options: OperationCase["options"], constants: OperationCase["constants"]) => tf.Tensor;

const matrix = (tensor: tf.Tensor | undefined) => tensor as tf.Tensor2D;
const vector = (tensor: tf.Tensor | undefined) => tensor as tf.Tensor1D;
const cube = (tensor: tf.Tensor | undefined) => tensor as tf.Tensor3D;
const any = (tensor: tf.Tensor | undefined) => tensor as tf.Tensor;

const runs: Readonly<Record<string, Run>> = {
  linear: ({ input, weight, bias }) => linear(any(input), matrix(weight), bias && vector(bias)),
  "low-rank-update": ({ x, weight, down, up }, { scale }) => {
    const [input, kernel] = [any(x), matrix(weight)];
    const rows = tf.reshape<tf.Rank.R2>(input, [-1, kernel.shape[1]]);
    const sum = addLowRank(linear(rows, kernel) as tf.Tensor2D, rows, {
      down: tf.expandDims<tf.Tensor3D>(any(down)),
      up: tf.expandDims<tf.Tensor3D>(any(up)),
      scale: scale as number,
      sampleOf: new Int32Array(rows.shape[0]),
    });
    return tf.reshape(sum, [...input.shape.slice(0, -1), kernel.shape[0]]);
  },
  "softmax-cross-entropy": ({ logits }, options, { labels, targets, weights }) =>
    softmaxCrossEntropy(
      matrix(logits),
      labels === undefined ? matrix(targets && unpack(targets)) : vector(unpack(labels, "int32")),
      { ...(options as SoftmaxCrossEntropyOptions), ...(weights && { weights: vector(unpack(weights)) }) },
    ),
  "log-softmax": ({ logits }, _, { mask }) => logSoftmax(any(logits), mask && { mask: unpack(mask) }),
  "rms-norm": ({ x, gain }, options) => rmsNorm(any(x), vector(gain), options),
  "layer-norm": ({ x, gain, bias }, options) => layerNorm(any(x), vector(gain), bias && vector(bias), options),
  gelu: ({ x }, { form }) => gelu(any(x), form as GeluForm),
  swiglu: ({ gate, up }) => swiglu(any(gate), any(up)),
  attention: ({ query, key, value }, options) =>
    attention(cube(query), cube(key), cube(value), options as unknown as AttentionOptions),
  rope: ({ x }, options) => rope(cube(x), options as unknown as RopeOptions),
  embedding: ({ table }, _, { ids }) => embedding(matrix(table), any(ids && unpack(ids, "int32"))),
};

/** Scores of a few thousand lose 1e-4 to the rounding of float32 before the exponential. */
const looser: Readonly<Record<string, Tolerance>> = {
  "attention, large scores": { rtol: 2e-3, atol: 2e-3 },
};

describeEachBackend("operations against PyTorch", () => {
  for (const [subject, run] of Object.entries(runs)) {
    describe(subject, () => {
      const { cases } = readGolden(subject) as { readonly cases: readonly OperationCase[] };
      for (const golden of cases) {
        const tolerance = looser[`${subject}, ${golden.name}`] ?? { rtol: 1e-4, atol: 5e-6 };

        it(`gives the output and the gradients of: ${golden.name}`, () => {
          const { output, gradients } = evaluate(run, golden);
          expect(output.shape).toEqual(golden.output.shape);
          expectClose(output.values, golden.output.values, tolerance);
          for (const [name, { shape, values }] of Object.entries(golden.gradients)) {
            expect(gradients[name]?.shape).toEqual(shape);
            expectClose(gradients[name]?.values ?? [], values, tolerance);
          }
        });
      }
    });
  }
});

interface Found {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

function evaluate(run: Run, golden: OperationCase): { output: Found; gradients: Readonly<Record<string, Found>> } {
  const names = Object.keys(golden.inputs);
  const found: Found[] = [];
  tf.tidy(() => {
    const call = (...tensors: tf.Tensor[]): tf.Tensor =>
      run(
        Object.fromEntries(names.map((name, index) => [name, tensors[index] as tf.Tensor])),
        golden.options,
        golden.constants,
      );
    const inputs = Object.values(golden.inputs).map((packed) => unpack(packed));
    const results = [call(...inputs), ...tf.grads(call)(inputs, unpack(golden.upstream))];
    for (const result of results) found.push({ shape: result.shape, values: result.dataSync() });
  });
  const [output, ...gradients] = found;
  return {
    output: output as Found,
    gradients: Object.fromEntries(names.map((name, index) => [name, gradients[index] as Found])),
  };
}

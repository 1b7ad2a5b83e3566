import { checkGradient, describeEachBackend, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { drawInputs, type OperationExample, operations } from "./support/operations.ts";

/** Output and gradients of its sum, as plain arrays. */
function evaluate({ call }: OperationExample, inputs: readonly tf.Tensor[]): Float32Array[] {
  const found: Float32Array[] = [];
  tf.tidy(() => {
    for (const result of [call(...inputs), ...tf.grads(call)([...inputs])]) {
      found.push(Float32Array.from(result.dataSync()));
    }
  });
  return found;
}

describeEachBackend("every operation", () => {
  for (const example of operations) {
    describe(example.name, () => {
      it("has the gradient of central differences", () => {
        const inputs = drawInputs(example);
        expect(checkGradient(example.call, inputs)).toBeLessThan(2e-2);
        tf.dispose(inputs);
      });

      it("leaves nothing but its result, forward and backward", () => {
        const inputs = drawInputs(example);
        expectNoTensorLeak(() => example.call(...inputs));
        expectNoTensorLeak(() => tf.grads(example.call)(inputs));
        tf.dispose(inputs);
      });

      it("borrows its inputs", () => {
        const inputs = drawInputs(example);
        const before = inputs.map((input) => input.dataSync().slice());
        evaluate(example, inputs);
        expect(inputs.map((input) => input.dataSync())).toEqual(before);
        tf.dispose(inputs);
      });

      it("gives the same bits twice", () => {
        const inputs = drawInputs(example);
        expect(evaluate(example, inputs)).toEqual(evaluate(example, inputs));
        tf.dispose(inputs);
      });

      it("gives an input the same gradient when the others are frozen", () => {
        const inputs = drawInputs(example);
        const [, ...together] = evaluate(example, inputs);
        const alone = inputs.map((input, position) =>
          tf.tidy(() => {
            const call = (varied: tf.Tensor) => example.call(...inputs.with(position, varied));
            return Float32Array.from(tf.grad(call)(input).dataSync());
          }),
        );
        expect(alone).toEqual(together);
        tf.dispose(inputs);
      });

      it("hands a NaN of any input on to its result", () => {
        for (let position = 0; position < example.shapes.length; position += 1) {
          const inputs = drawInputs(example);
          const values = (inputs[position] as tf.Tensor).dataSync().slice();
          values[0] = Number.NaN;
          const poisoned = tf.tensor(values, inputs[position]?.shape);
          const result = example.call(...inputs.with(position, poisoned));
          expect([...result.dataSync()].some(Number.isNaN)).toBe(true);
          tf.dispose([...inputs, poisoned, result]);
        }
      });
    });
  }
});

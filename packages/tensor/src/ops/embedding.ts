import { HapsError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { peekValues } from "../kernels/peek-values.ts";
import { assertShape } from "../shape.ts";

/**
 * Looks up rows of a table.
 *
 * `y[..., :] = table[ids[...], :]`; the gradient adds up the rows of equal ids, here rather than in tfjs, whose own gradient of
 * `gather` has no wasm kernel.
 *
 * @param table - `[vocabulary, dim]`.
 * @param ids - int32 of any shape, each in `[0, vocabulary)`; gets no gradient.
 * @returns `[...ids, dim]`; the caller owns it.
 * @throws ShapeError code `shape` when the table is no matrix; HapsError code `config` for an id outside the table.
 *
 * @example
 * ```ts
 * const y = embedding(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor1d([1, 1, 0], "int32"));
 * console.assert(y.dataSync().join() === "3,4,3,4,1,2");
 * ```
 */
export function embedding(table: tf.Tensor2D, ids: tf.Tensor): tf.Tensor {
  assertShape("embedding", "table", table, [null, null]);
  const [vocabulary, dim] = table.shape;
  const rows = ids.dataSync();
  assertIds(rows, vocabulary);
  return differentiable({
    inputs: { table },
    forward: () => {
      const values = peekValues(table);
      const result = new Float32Array(rows.length * dim);
      for (let position = 0; position < rows.length; position += 1) {
        const start = (rows[position] as number) * dim;
        result.set(values.subarray(start, start + dim), position * dim);
      }
      return tf.tensor(result, [...ids.shape, dim]);
    },
    backward: (gradient) => ({
      table: () => tf.tensor2d(sumRows(peekValues(gradient), rows, vocabulary, dim), [vocabulary, dim]),
    }),
  });
}

/** Adds up the rows of `[positions, dim]` that have the same id. */
function sumRows(slopes: Float32Array, ids: ArrayLike<number>, vocabulary: number, dim: number): Float32Array {
  const sums = new Float32Array(vocabulary * dim);
  for (let position = 0; position < ids.length; position += 1) {
    const to = (ids[position] as number) * dim;
    const from = position * dim;
    for (let column = 0; column < dim; column += 1) {
      sums[to + column] = (sums[to + column] as number) + (slopes[from + column] as number);
    }
  }
  return sums;
}

function assertIds(ids: ArrayLike<number>, vocabulary: number): void {
  for (let position = 0; position < ids.length; position += 1) {
    const id = ids[position] as number;
    if (Number.isInteger(id) && id >= 0 && id < vocabulary) continue;
    throw new HapsError(
      "config",
      `embedding: id ${id} at position ${position} is not in the table; expected an integer in [0, ${vocabulary}); use the tokenizer of this table`,
      { id, position, vocabulary },
    );
  }
}

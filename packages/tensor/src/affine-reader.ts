import { HapsError } from "@haps/spec";
import type { NamedVariables } from "./variables.ts";

/** An affine map on plain numbers. */
export type AffineReader = (input: ArrayLike<number>) => Float64Array;

/**
 * Reads an affine map out of tfjs once, so that single rows can be mapped without a tensor: `y = W x + b`.
 *
 * Sums are in double precision; they agree with `linear` within float32 rounding and do not depend on the backend.
 *
 * @param weight - Name of W, `[out, in]`.
 * @param bias - Name of b, `[out]`; absent: none.
 * @returns A function of `[in]` numbers; later changes of the variables do not reach it.
 * @throws HapsError code `state` for an unknown name, `shape` when an input has another length.
 */
export function affineReader(variables: NamedVariables, weight: string, bias?: string): AffineReader {
  const matrix = variables.get(weight);
  const [out = 0, width = 0] = matrix.shape;
  const weights = Float32Array.from(matrix.dataSync<"float32">());
  const offsets =
    bias === undefined ? new Float32Array(out) : Float32Array.from(variables.get(bias).dataSync<"float32">());
  return (input) => {
    if (input.length !== width) {
      throw new HapsError(
        "shape",
        `affineReader: "${weight}" reads ${width} numbers; got ${input.length}; pass the hidden state of its own model`,
        { weight, expected: width, actual: input.length },
      );
    }
    const result = new Float64Array(out);
    for (let row = 0; row < out; row += 1) {
      const start = row * width;
      let even = offsets[row] as number;
      let odd = 0;
      let column = 0;
      for (; column + 1 < width; column += 2) {
        even += (weights[start + column] as number) * (input[column] as number);
        odd += (weights[start + column + 1] as number) * (input[column + 1] as number);
      }
      if (column < width) even += (weights[start + column] as number) * (input[column] as number);
      result[row] = even + odd;
    }
    return result;
  };
}

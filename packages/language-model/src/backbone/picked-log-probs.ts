import { HapsError } from "@haps/spec";
import { differentiable, logitPeak, peekValues } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/** Tokens whose log-probabilities add up to scores. */
export interface Picks {
  /** First pick of each score, and behind the last one their number: `scores + 1` entries. */
  readonly starts: Int32Array;
  /** Row of the logits per pick. */
  readonly rows: Int32Array;
  readonly tokens: Int32Array;
}

/**
 * Sums of log-probabilities of tokens, fused with the gradient.
 *
 * `s_i = Σ_{(r, t) in picks_i} (x_rt - log Σ_j exp x_rj)`, the sums in double precision; gradient
 * `Σ_i g_i Σ_{(r, t) in picks_i} (1[j = t] - softmax(x_r)_j)`.
 *
 * @param logits - x, `[rows, vocabulary]`.
 * @returns `[scores]`; the caller owns it.
 * @throws HapsError code `non-finite` naming the score.
 */
export function pickedLogProbs(logits: tf.Tensor2D, picks: Picks): tf.Tensor1D {
  const [rows, vocabulary] = logits.shape;
  const { starts, rows: rowOf, tokens } = picks;
  const scores = starts.length - 1;
  let logSums = new Float64Array(0);
  const result = differentiable({
    inputs: { logits },
    forward: (save) => {
      save([logits]);
      const values = peekValues(logits);
      logSums = logSumsOf(values, rows, vocabulary);
      const sums = new Float32Array(scores);
      for (let score = 0; score < scores; score += 1) {
        let sum = 0;
        for (let pick = starts[score] as number; pick < (starts[score + 1] as number); pick += 1) {
          const row = rowOf[pick] as number;
          sum += (values[row * vocabulary + (tokens[pick] as number)] as number) - (logSums[row] as number);
        }
        if (!Number.isFinite(sum)) throw notFinite(score, scores, sum);
        sums[score] = sum;
      }
      return tf.tensor1d(sums);
    },
    backward: (gradient, [saved]) => ({
      logits: () => {
        const slopes = peekValues(gradient);
        const values = peekValues(saved as tf.Tensor);
        const result = new Float32Array(rows * vocabulary);
        const mass = new Float64Array(rows);
        for (let score = 0; score < scores; score += 1) {
          const slope = slopes[score] as number;
          for (let pick = starts[score] as number; pick < (starts[score + 1] as number); pick += 1) {
            const row = rowOf[pick] as number;
            const at = row * vocabulary + (tokens[pick] as number);
            mass[row] = (mass[row] as number) + slope;
            result[at] = (result[at] as number) + slope;
          }
        }
        for (let row = 0; row < rows; row += 1) {
          const weight = mass[row] as number;
          if (weight === 0) continue;
          for (let at = row * vocabulary; at < (row + 1) * vocabulary; at += 1) {
            const probability = Math.exp((values[at] as number) - (logSums[row] as number));
            result[at] = (result[at] as number) - weight * probability;
          }
        }
        return tf.tensor2d(result, [rows, vocabulary]);
      },
    }),
  });
  return result as tf.Tensor1D;
}

/** A ranking of such scores would mean nothing, and nobody would see it. */
function notFinite(score: number, scores: number, value: number): HapsError {
  return new HapsError(
    "non-finite",
    `AssignmentScorer: score ${score} of ${scores} is ${value}; look for NaN or overflow in the weights of the backbone`,
    { score, value },
  );
}

function logSumsOf(values: Float32Array, rows: number, width: number): Float64Array<ArrayBuffer> {
  const sums = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const { highest, logSum } = logitPeak(values.subarray(row * width, (row + 1) * width));
    sums[row] = highest + logSum;
  }
  return sums;
}

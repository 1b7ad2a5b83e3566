import { differentiable } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { keepTokens, type TokenFilter } from "../generation/token-distribution.ts";

/** A token and what it was drawn with. */
export interface SampledTarget {
  readonly token: number;
  readonly filter: TokenFilter;
}

/**
 * How much the logit of a token and the mass of its nucleus may differ from what they were when it was drawn: the same rows in
 * other company differ by less than 1e-4.
 */
const ROUNDING = 1e-3;

/**
 * Cross-entropy of tokens under the distributions that they were drawn from, fused with the gradient.
 *
 * With K the tokens that the decoding keeps of a row x and T its temperature: `loss = log Σ_{j in K} exp(x_j / T) - x_t / T`, gradient
 * `(p_j - 1[j = t]) / T` on K, p the softmax of x / T over K, and 0 elsewhere. K counts as constant. One token alone has loss 0 and
 * no gradient; so has temperature 0. What is kept is decided by `tokenDistribution`'s code from these very logits, in float64.
 *
 * A token that is not in K, but would be if its logit and the mass of the nucleus were higher by 1e-3, joins K: it was in it when it
 * was drawn, and rounding decided otherwise. For any other the loss is infinite.
 *
 * @param logits - x, `[rows, vocabulary]`.
 * @returns `[rows]`; the caller owns it.
 * @throws As `tokenDistribution`.
 */
export function sampledCrossEntropy(logits: tf.Tensor2D, targets: readonly SampledTarget[]): tf.Tensor1D {
  const [rows, vocabulary] = logits.shape;
  let residuals = new Float32Array(0);
  const result = differentiable({
    inputs: { logits },
    forward: () => {
      const values = logits.dataSync<"float32">();
      residuals = new Float32Array(values.length);
      const losses = targets.map((target, row) => {
        const [start, end] = [row * vocabulary, (row + 1) * vocabulary];
        return fillRow(values.subarray(start, end), target, residuals.subarray(start, end));
      });
      return tf.tensor1d(losses);
    },
    backward: (gradient) => ({
      logits: () => tf.mul(tf.tensor2d(residuals, [rows, vocabulary]), tf.expandDims(gradient, 1)),
    }),
  });
  return result as tf.Tensor1D;
}

/** Writes the gradient of one row, zeros so far, and returns its loss. */
function fillRow(logits: Float32Array, { token, filter }: SampledTarget, residuals: Float32Array): number {
  const { tokens, weights, total, logProbs } = keepTokens(logits, filter);
  const isKept = tokens.includes(token);
  if (!isKept && !isNearlyKept(logits, token, filter)) return Number.POSITIVE_INFINITY;
  if (filter.temperature === 0) return 0;
  const slope = 1 / filter.temperature;
  const logProb = logProbs(token).sampled;
  /** Mass of a token that joins, relative to that of the others. */
  const joining = isKept ? 0 : Math.exp(logProb);
  const scale = slope / (total * (1 + joining));
  for (const kept of tokens) residuals[kept] = (weights[kept] as number) * scale - (kept === token ? slope : 0);
  if (!isKept) residuals[token] = (joining / (1 + joining) - 1) * slope;
  return Math.log1p(joining) - logProb;
}

function isNearlyKept(logits: Float32Array, token: number, filter: TokenFilter): boolean {
  const raised = logits.slice();
  raised[token] = (raised[token] as number) + ROUNDING;
  return keepTokens(raised, { ...filter, topP: Math.min(1, filter.topP + ROUNDING) }).tokens.includes(token);
}

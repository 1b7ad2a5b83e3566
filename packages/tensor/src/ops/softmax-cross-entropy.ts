import { HapsError, ShapeError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import { differentiable } from "../differentiable.ts";
import { exponential } from "../kernels/exponential.ts";
import { peekValues } from "../kernels/peek-values.ts";
import { assertShape } from "../shape.ts";

/** Options of {@link softmaxCrossEntropy}. */
export interface SoftmaxCrossEntropyOptions {
  /** Weight of each row, `[batch]`, finite and >= 0; 0 leaves a row out. Absent: 1 each. Gets no gradient. */
  readonly weights?: tf.Tensor1D;
  /** `mean` (the default) divides by the sum of weights; `sum` does not; `none` keeps one weighted loss per row. */
  readonly reduction?: "mean" | "sum" | "none";
}

/**
 * Cross-entropy of softmax(logits) against hard or soft targets, fused with its gradient.
 *
 * `loss_b = w_b Σ_c t_bc (log Σ_j exp x_bj - x_bc)`, gradient `w_b (softmax(x_b)_c Σ_j t_bj - t_bc)`.
 *
 * @param logits - x, `[batch, classes]`, any finite values.
 * @param targets - Hard: int32 class indices, `[batch]`. Soft: t, float32 `[batch, classes]`, >= 0; rows need not sum to 1.
 *   Neither gets a gradient.
 * @returns A scalar, or `[batch]` for reduction `none`; the caller owns it. A mean over weights that sum to 0 is 0.
 * @throws ShapeError code `shape` when shapes differ; HapsError code `config` for a class index outside `[0, classes)` in a row
 *   with a weight, and for a weight that is negative or not finite.
 *
 * Source: Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.108 and 4.109, in the stable form.
 *
 * @example
 * ```ts
 * const loss = softmaxCrossEntropy(tf.zeros([2, 4]), tf.tensor1d([0, 3], "int32"));
 * console.assert(Math.abs((loss.dataSync()[0] ?? 0) - Math.log(4)) < 1e-6);
 * ```
 */
export function softmaxCrossEntropy(
  logits: tf.Tensor2D,
  targets: tf.Tensor1D | tf.Tensor2D,
  options: SoftmaxCrossEntropyOptions = {},
): tf.Tensor {
  const { weights, reduction = "mean" } = options;
  assertShape("softmaxCrossEntropy", "logits", logits, [null, null]);
  const [batch, classes] = logits.shape;
  if (classes === 0) throw new ShapeError("softmaxCrossEntropy", "logits", "[batch, at least 1]", logits.shape);
  assertShape("softmaxCrossEntropy", "targets", targets, targets.rank === 1 ? [batch] : [batch, classes]);
  if (weights !== undefined) assertShape("softmaxCrossEntropy", "weights", weights, [batch]);
  const factors = rowFactors(batch, weights, reduction);
  let residuals = new Float32Array(0);
  return differentiable({
    inputs: { logits },
    forward: () => {
      const target = readTargets(targets, batch, classes, factors);
      const result = lossAndResiduals(peekValues(logits), target, factors, classes);
      residuals = result.residuals;
      if (reduction === "none") return tf.tensor1d(result.losses);
      return tf.scalar(result.losses.reduce((total, loss) => total + loss, 0));
    },
    backward: (gradient) => ({
      logits: () =>
        tf.mul(tf.tensor2d(residuals, [batch, classes]), reduction === "none" ? tf.expandDims(gradient, 1) : gradient),
    }),
  });
}

type Targets =
  | { readonly kind: "hard"; readonly labels: ArrayLike<number> }
  | { readonly kind: "soft"; readonly values: Float32Array };

function rowFactors(batch: number, weights: tf.Tensor1D | undefined, reduction: "mean" | "sum" | "none"): Float64Array {
  const factors = weights === undefined ? new Float64Array(batch).fill(1) : Float64Array.from(weights.dataSync());
  const bad = factors.findIndex((factor) => !Number.isFinite(factor) || factor < 0);
  if (bad >= 0) {
    throw new HapsError(
      "config",
      `softmaxCrossEntropy: the weight of row ${bad} is ${factors[bad]}; expected a finite number >= 0; check what made the weights`,
      { row: bad, weight: factors[bad] },
    );
  }
  if (reduction !== "mean") return factors;
  const total = factors.reduce((sum, factor) => sum + factor, 0);
  return total === 0 ? factors.fill(0) : factors.map((factor) => factor / total);
}

function readTargets(targets: tf.Tensor, batch: number, classes: number, factors: Float64Array): Targets {
  if (targets.rank === 2) return { kind: "soft", values: targets.dataSync<"float32">() };
  const labels = targets.dataSync();
  for (let row = 0; row < batch; row += 1) {
    const label = labels[row] as number;
    if ((Number.isInteger(label) && label >= 0 && label < classes) || factors[row] === 0) continue;
    throw new HapsError(
      "config",
      `softmaxCrossEntropy: the target of row ${row} is no class; got ${label}, expected an integer in [0, ${classes}); give rows to ignore weight 0`,
      { row, label, classes },
    );
  }
  return { kind: "hard", labels };
}

function lossAndResiduals(
  logits: Float32Array,
  targets: Targets,
  factors: Float64Array,
  classes: number,
): { readonly losses: Float32Array; readonly residuals: Float32Array<ArrayBuffer> } {
  const losses = new Float32Array(factors.length);
  const residuals = new Float32Array(logits.length);
  for (let row = 0; row < factors.length; row += 1) {
    const factor = factors[row] as number;
    if (factor === 0) continue;
    const start = row * classes;
    let highest = -Infinity;
    for (let index = start; index < start + classes; index += 1) highest = Math.max(highest, logits[index] as number);
    let sum = 0;
    for (let index = start; index < start + classes; index += 1) {
      const weight = exponential((logits[index] as number) - highest);
      residuals[index] = weight;
      sum += weight;
    }
    const logSum = highest + Math.log(sum);
    losses[row] = factor * finishRow(logits, residuals, targets, { row, start, classes, factor, sum, logSum });
  }
  return { losses, residuals };
}

interface RowSums {
  readonly row: number;
  readonly start: number;
  readonly classes: number;
  readonly factor: number;
  readonly sum: number;
  readonly logSum: number;
}

/** Turns the exponentials of a row into residuals and returns the row's loss. */
function finishRow(logits: Float32Array, residuals: Float32Array, targets: Targets, sums: RowSums): number {
  const { start, classes, factor } = sums;
  if (targets.kind === "hard") {
    const scale = factor / sums.sum;
    for (let index = start; index < start + classes; index += 1)
      residuals[index] = (residuals[index] as number) * scale;
    const target = start + (targets.labels[sums.row] as number);
    residuals[target] = (residuals[target] as number) - factor;
    return sums.logSum - (logits[target] as number);
  }
  let mass = 0;
  let loss = 0;
  for (let index = start; index < start + classes; index += 1) {
    const target = targets.values[index] as number;
    if (target === 0) continue;
    mass += target;
    loss += target * (sums.logSum - (logits[index] as number));
  }
  const scale = (factor * mass) / sums.sum;
  for (let index = start; index < start + classes; index += 1) {
    residuals[index] = (residuals[index] as number) * scale - factor * (targets.values[index] as number);
  }
  return loss;
}

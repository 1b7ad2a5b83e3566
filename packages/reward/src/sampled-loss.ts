import { HapsError, ShapeError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import type { ResolvedObjectiveConfig } from "./objective-config.ts";
import { stopGradient } from "./stop-gradient.ts";

/** Log-probabilities of the sampled arm of every row, one level at a time. */
export interface SampledLogProbs {
  /** log P(z | p), `[batch]`. */
  readonly assignments: tf.Tensor1D;
  /** log P(w | z, p), `[batch]`; `null` when nothing varies. */
  readonly settings: tf.Tensor1D | null;
}

/** What came of the sampled arms. */
export interface SampledOutcomes {
  /** Reward minus baseline, `[batch]`, finite; a constant. */
  readonly advantages: ArrayLike<number>;
  /** Chance that the logging policy chose the arm, `[batch]`, in (0, 1]; absent when the policy itself sampled it. */
  readonly propensities?: ArrayLike<number>;
}

/** Which levels and terms {@link sampledLoss} counts. */
export type SampledLossOptions = Pick<
  ResolvedObjectiveConfig,
  "assignmentGradient" | "parameterGradient" | "entropyWeight" | "reduction" | "importanceClip"
>;

/**
 * Score-function loss of sampled arms: its gradient estimates that of the negative expected reward.
 *
 * `loss_b = -c_b (A_b - τ e_b) ℓ_b`, `ℓ_b` the log-probability of the levels that get a gradient, `e_b` that of these levels
 * and of those below them, `c_b` and the bracket constants. `c_b = 1` when the policy itself sampled, else
 * `min(π_b / propensity_b, clip)`.
 *
 * The entropy enters as a reward `-τ e`, whose score-function gradient is that of τ H: choosing a candidate also chooses the
 * entropy of its settings, while nothing that the settings do changes the entropy of the assignment. The value of the loss
 * has no meaning beyond its gradient.
 *
 * @param logProbs - Borrowed.
 * @returns A scalar; the caller owns it.
 * @throws ShapeError code `shape`; HapsError code `non-finite` for an advantage or a propensity that is not usable.
 *
 * Source: Eq. 5 of the HAPS paper; Williams 1992.
 *
 * @example
 * ```ts
 * const objective = resolveObjective(objectivePresets.paper);
 * const logProbs = { assignments: tf.tensor1d([Math.log(0.5)]), settings: null };
 * const loss = sampledLoss(logProbs, { advantages: [1] }, objective);
 * console.assert(Math.abs((loss.dataSync()[0] ?? 0) - Math.log(2)) < 1e-6);
 * ```
 */
export function sampledLoss(
  logProbs: SampledLogProbs,
  outcomes: SampledOutcomes,
  options: SampledLossOptions,
): tf.Scalar {
  return tf.tidy(() => {
    const { assignments, settings } = logProbs;
    const [batch] = assignments.shape;
    if (settings !== null && settings.shape[0] !== batch) {
      throw new ShapeError("sampledLoss", "settings", `[${batch}]`, settings.shape);
    }
    const factors = scoreFactors(assignments, settings, outcomes, options);
    const terms: tf.Tensor1D[] = [];
    if (options.assignmentGradient !== "none") terms.push(assignments);
    if (settings !== null && options.parameterGradient !== "none") terms.push(settings);
    // Stays on the tape, so that differentiating a policy that nothing trains gives zeros and no error.
    if (terms.length === 0) return tf.mul(tf.sum(stopGradient(assignments)), 0);
    const weighted = tf.sum(tf.mul(tf.addN(terms), tf.tensor1d(factors)));
    return (options.reduction === "mean" && batch > 0 ? tf.div(weighted, batch) : weighted) as tf.Scalar;
  });
}

/** `-c (A - τ ℓ)` of every row, read out of the tape. */
function scoreFactors(
  assignments: tf.Tensor1D,
  settings: tf.Tensor1D | null,
  outcomes: SampledOutcomes,
  options: SampledLossOptions,
): Float32Array {
  const high = assignments.dataSync<"float32">();
  const low = settings?.dataSync<"float32">();
  const { advantages, propensities } = outcomes;
  for (const [name, values] of Object.entries({ advantages, propensities })) {
    if (values === undefined || values.length === high.length) continue;
    throw new ShapeError("sampledLoss", name, `[${high.length}]`, [values.length]);
  }
  return high.map((assignment, row) => {
    const setting = low?.[row] ?? 0;
    const trainedHigh = options.assignmentGradient === "none" ? 0 : assignment;
    const importance = importanceWeight(assignment + setting, propensities?.[row], row, options.importanceClip);
    const augmented = (advantages[row] as number) - options.entropyWeight * (trainedHigh + setting);
    if (Number.isFinite(augmented)) return -importance * augmented;
    throw new HapsError(
      "non-finite",
      `sampledLoss: row ${row} has advantage ${advantages[row]} and log-probability ${assignment + setting}; expected finite numbers; leave out rows that were not run`,
      { row, advantage: advantages[row], logProb: assignment + setting },
    );
  });
}

function importanceWeight(logProb: number, propensity: number | undefined, row: number, clip: number): number {
  if (propensity === undefined) return 1;
  if (propensity > 0 && propensity <= 1) return Math.min(Math.exp(logProb) / propensity, clip);
  throw new HapsError(
    "non-finite",
    `sampledLoss: the propensity of row ${row} is ${propensity}; expected a number in (0, 1]; check the log's propensity column`,
    { row, propensity },
  );
}

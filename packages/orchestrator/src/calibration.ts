import { type ArmMeans, armMeans, rewardsAt } from "@haps/reward";
import type { Rng } from "@haps/tensor";
import { chooseAction, ofAssignment, openAssignments } from "./choose-action.ts";
import type { ResolvedShrinkageConfig } from "./config.ts";
import type { Levels } from "./levels.ts";
import type { TrainedMembers } from "./policy-trainer.ts";

/** What {@link calibrate} reads. */
export interface CalibrationInput {
  readonly members: Pick<TrainedMembers, "actions" | "rewards" | "foldOf" | "heldOut">;
  /** Text group of every row. */
  readonly groups: readonly string[];
  readonly costWeights: readonly number[];
  readonly temperature: number;
  readonly levels: Levels;
  readonly shrinkage: ResolvedShrinkageConfig;
  readonly rng: Rng;
  /** For logs in which only chosen arms were seen. */
  readonly logged?: {
    /** `[rows, arms]`: chance of each cell under the logging policy, `NaN` where not run. */
    readonly propensity: ArrayLike<number>;
    /** Largest weight of one row. */
    readonly clip: number;
  };
}

/** Held-out behaviour at one cost weight. */
export interface CalibratedPoint {
  readonly costWeight: number;
  /** Least estimated gain for leaving the best arm on train; `null`: never leave it. */
  readonly margin: number | null;
  /** Held-out mean reward above the best arm on train, and its standard error over distinct texts. */
  readonly gain: number;
  readonly standardError: number;
  /** Held-out mean quality minus that of the best arm for quality alone. */
  readonly qualityDifference: number;
  /** Held-out mean normalised cost over that of the best arm for quality alone; `null` without costs. */
  readonly costRatio: number | null;
}

/** How far the router trusts itself at each cost weight, and where it spends least without losing quality. */
export interface Calibration {
  readonly points: readonly CalibratedPoint[];
  /** Index into `points`. */
  readonly operatingPoint: number;
}

/**
 * Chooses the margins and the operating point on held-out rows: each is judged by the member that never saw it.
 *
 * Per cost weight: the margin whose gain over the best arm on train, less some standard errors, is largest and positive.
 * Operating point: the last cost weight before the first whose held-out quality falls further below the best arm's than the
 * tolerance.
 *
 * In logs of chosen arms the outcome of another arm is estimated doubly robustly: its mean on train, plus, where it is the
 * logged arm, the deviation from that mean over the propensity (Dudík, Langford and Li 2011), with clipped weights.
 */
export function calibrate(input: CalibrationInput): Calibration {
  const { costWeights, members, shrinkage } = input;
  const folds = 1 + members.foldOf.reduce((highest, fold) => Math.max(highest, fold), 0);
  const means = Array.from({ length: folds }, (_, fold) =>
    armMeans(
      members.rewards,
      [...members.foldOf.keys()].filter((row) => members.foldOf[row] !== fold),
    ),
  );
  const points = costWeights.map((_, place) => calibratePoint(input, means, place));
  const tooLow = points.findIndex((point) => point.qualityDifference < -shrinkage.tolerance);
  return { points, operatingPoint: Math.max(0, tooLow === -1 ? points.length - 1 : tooLow - 1) };
}

function calibratePoint(input: CalibrationInput, means: readonly ArmMeans[], place: number): CalibratedPoint {
  const { shrinkage, costWeights } = input;
  let best: CalibratedPoint | undefined;
  let bestBound = 0;
  for (const margin of shrinkage.margins) {
    const point = heldOutPoint(input, means, place, margin);
    const bound = point.gain - shrinkage.standardErrors * point.standardError;
    // Not `<=`: a bound that is not a number never wins.
    if (!(bound > bestBound)) continue;
    best = point;
    bestBound = bound;
  }
  return (
    best ?? {
      ...heldOutPoint(input, means, place, Number.POSITIVE_INFINITY),
      margin: null,
      costWeight: costWeights[place] as number,
    }
  );
}

function heldOutPoint(
  input: CalibrationInput,
  means: readonly ArmMeans[],
  place: number,
  margin: number,
): CalibratedPoint {
  const { members, groups, costWeights, temperature, levels } = input;
  const { actions, rewards, foldOf } = members;
  const costWeight = costWeights[place] as number;
  const logProbs = members.heldOut[place] as Float32Array;
  const behind = actions.armsAt(costWeight);
  const open = actions.openAt(costWeight);
  const gains = new Map<string, number>();
  const totals = { rows: 0, quality: 0, bestQuality: 0, cost: 0, bestCost: 0 };
  foldOf.forEach((fold, row) => {
    const cell = (arm: number): number => row * rewards.arms + arm;
    const isKnown = (action: number): boolean =>
      input.logged !== undefined || rewards.recorded[cell(behind[action] as number)] === 1;
    const recorded = open.map((isOpen, action) => isOpen && isKnown(action));
    const foldMeans = means[fold] as ArmMeans;
    const ofActions = (weight: number): Float64Array => {
      const all = rewardsAt(foldMeans, weight);
      return Float64Array.from(behind, (arm) => all[arm] as number);
    };
    const scores = logProbs.subarray(row * actions.size, (row + 1) * actions.size).map((value) => value * temperature);
    const drawn = levels.high === "random" ? drawAssignment(input, recorded, row) : recorded;
    const { chosen, reference } = chooseAction({ scores, means: ofActions(costWeight), open: drawn, margin });
    const best = chooseAction({
      scores,
      means: ofActions(0),
      open: recorded,
      margin: Number.POSITIVE_INFINITY,
    }).reference;
    if (chosen === -1 || best === -1) return;
    const outcome = (action: number): Outcome => outcomeOf(input, foldMeans, row, behind[action] as number);
    const [at, from, top] = [outcome(chosen), outcome(reference), outcome(best)];
    const gain = at.quality - from.quality - costWeight * (at.cost - from.cost);
    const group = groups[row] as string;
    gains.set(group, (gains.get(group) ?? 0) + gain);
    totals.rows += 1;
    totals.quality += at.quality;
    totals.cost += at.cost;
    totals.bestQuality += top.quality;
    totals.bestCost += top.cost;
  });
  const rows = Math.max(1, totals.rows);
  return {
    costWeight,
    margin,
    gain: [...gains.values()].reduce((sum, gain) => sum + gain, 0) / rows,
    standardError: standardError([...gains.values()], rows),
    qualityDifference: (totals.quality - totals.bestQuality) / rows,
    costRatio: totals.bestCost > 0 ? totals.cost / totals.bestCost : null,
  };
}

interface Outcome {
  readonly quality: number;
  readonly cost: number;
}

/** What came of an arm in a row; an estimate in logs of chosen arms. */
function outcomeOf({ members, logged }: CalibrationInput, means: ArmMeans, row: number, arm: number): Outcome {
  const { rewards } = members;
  const cell = row * rewards.arms + arm;
  const quality = rewards.quality[cell] as number;
  const cost = rewards.cost[cell] as number;
  if (logged === undefined) return { quality, cost };
  const expected = { quality: meanOf(means.quality, arm), cost: meanOf(means.cost, arm) };
  if (rewards.recorded[cell] !== 1) return expected;
  const weight = Math.min(1 / (logged.propensity[cell] as number), logged.clip);
  return {
    quality: expected.quality + weight * (quality - expected.quality),
    cost: expected.cost + weight * (cost - expected.cost),
  };
}

/** Mean of an arm; of all arms where it was never run. */
function meanOf(means: Float64Array, arm: number): number {
  const own = means[arm] as number;
  if (!Number.isNaN(own)) return own;
  const known = means.filter((value) => !Number.isNaN(value));
  return known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
}

function drawAssignment(
  { members, rng, groups }: CalibrationInput,
  open: readonly boolean[],
  row: number,
): readonly boolean[] {
  const { assignments } = members.actions.index;
  const choices = openAssignments(open, assignments);
  if (choices.length === 0) return open;
  const drawn = choices[rng.fork(`assignment/${groups[row]}`).integer(choices.length)] as string;
  return ofAssignment(open, assignments, drawn);
}

/** Standard error of `Σ sums / rows`, groups being independent. */
function standardError(sums: readonly number[], rows: number): number {
  const count = sums.length;
  if (count < 2) return Number.POSITIVE_INFINITY;
  const mean = sums.reduce((sum, value) => sum + value, 0) / count;
  const variance = sums.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1);
  return Math.sqrt(variance * count) / rows;
}

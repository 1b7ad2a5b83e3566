import { HapsError } from "@haps/spec";
import type { Rng } from "@haps/tensor";

/** Which of several equally good arms a hard target names. */
export type TiePolicy = "all" | "randomOne" | "deterministicOne";

/** Targets of the warm-up: what the policy is fitted to by cross-entropy before joint training. */
export interface WarmUpTargets {
  /** `[rows, arms]` row-major; rows sum to 1, or to 0 where the weight is 0. */
  readonly targets: Float32Array;
  /** `[rows]`: how much a row counts; 0 for a row that teaches nothing. */
  readonly weights: Float32Array;
  /** `[rows, arms]`: 1 where the arm was run, else 0. */
  readonly recorded: Uint8Array;
  /** Rows with weight 0. */
  readonly dropped: number;
}

/** Arms whose rewards differ by less than this from the best are ties, as in the authors' code. */
const TIE_TOLERANCE = 1e-12;

/**
 * Soft targets: a softmax of the rewards over the recorded arms.
 *
 * `target[a] = exp(R[a] / temperature) / sum over recorded b of exp(R[b] / temperature)`; unrecorded arms get 0. Equal
 * rewards give equal targets, so ties need no policy. A row without a recorded arm is dropped.
 *
 * @param rewards - `[rows, arms]` row-major, `NaN` where not run.
 * @param arms - Width of a row.
 * @param temperature - > 0, in units of reward.
 * @throws HapsError code `shape` when the rewards do not fill rows; `config` for a temperature that is not positive;
 * `non-finite` for an infinite reward.
 *
 * @example
 * ```ts
 * const { targets } = softTargets([Math.log(3), 0], 2, 1);
 * console.assert(Math.abs((targets[0] ?? 0) - 0.75) < 1e-6);
 * ```
 */
export function softTargets(rewards: ArrayLike<number>, arms: number, temperature: number): WarmUpTargets {
  if (!(temperature > 0) || !Number.isFinite(temperature)) {
    throw new HapsError(
      "config",
      `softTargets: the temperature is ${temperature}; expected a positive finite number; for the limit 0 use hardBest`,
      { temperature },
    );
  }
  return rowTargets("softTargets", rewards, arms, (row) => {
    const best = maximum(row);
    if (best === undefined) return undefined;
    const weights = row.map((value) => (Number.isNaN(value) ? 0 : Math.exp((value - best) / temperature)));
    return { weights, rowWeight: 1 };
  });
}

/** Options of {@link hardBest}. */
export interface HardBestOptions {
  readonly tiePolicy: TiePolicy;
  /** Rows whose best reward is below this are dropped. Default 1e-6, as in the authors' code. */
  readonly minimumReward?: number;
  /** Needed by `randomOne`. */
  readonly rng?: Rng;
}

/**
 * Hard targets: the best recorded arm of every row, as in the authors' warm-up.
 *
 * Arms within 1e-12 of the best are ties. `all` shares the target among them and weighs the row by their number, which
 * equals one training row per tied arm; `randomOne` draws one; `deterministicOne` takes the first arm.
 *
 * @param rewards - `[rows, arms]` row-major, `NaN` where not run.
 * @throws HapsError code `shape`, `non-finite`, or `config` when `randomOne` has no `rng`.
 *
 * Source: §3.3 of the HAPS paper; tie policies and the minimum are those of the authors' code.
 *
 * @example
 * ```ts
 * const { targets, weights } = hardBest([1, 1, 0], 3, { tiePolicy: "all" });
 * console.assert(targets.join() === "0.5,0.5,0" && weights[0] === 2);
 * ```
 */
export function hardBest(rewards: ArrayLike<number>, arms: number, options: HardBestOptions): WarmUpTargets {
  const { tiePolicy, minimumReward = 1e-6, rng } = options;
  if (tiePolicy === "randomOne" && rng === undefined) {
    throw new HapsError("config", "hardBest: randomOne needs an rng; pass one forked for the warm-up", { tiePolicy });
  }
  return rowTargets("hardBest", rewards, arms, (row) => {
    const best = maximum(row);
    if (best === undefined || best < minimumReward) return undefined;
    const ties = row.flatMap((value, arm) => (value >= best - TIE_TOLERANCE ? [arm] : []));
    const kept =
      tiePolicy === "all"
        ? ties
        : [ties[rng !== undefined && tiePolicy === "randomOne" ? rng.integer(ties.length) : 0] as number];
    return { weights: row.map((_, arm) => (kept.includes(arm) ? 1 : 0)), rowWeight: kept.length };
  });
}

/** Unnormalised target of a row with the row's weight, or nothing for a row to drop. */
type RowTarget = (row: readonly number[]) => { weights: readonly number[]; rowWeight: number } | undefined;

function rowTargets(operation: string, rewards: ArrayLike<number>, arms: number, target: RowTarget): WarmUpTargets {
  if (!Number.isInteger(arms) || arms < 1 || rewards.length % arms !== 0) {
    throw new HapsError(
      "shape",
      `${operation}: ${rewards.length} rewards do not fill rows of ${arms} arms; pass row-major [rows, arms] rewards`,
      { cells: rewards.length, arms },
    );
  }
  const rows = rewards.length / arms;
  const targets = new Float32Array(rewards.length);
  const weights = new Float32Array(rows);
  const recorded = Uint8Array.from(rewards, (value) => (Number.isNaN(value) ? 0 : 1));
  let dropped = 0;
  for (let row = 0; row < rows; row += 1) {
    const values = Array.from({ length: arms }, (_, arm) => finiteOrMissing(operation, rewards, row * arms + arm));
    const result = target(values);
    if (result === undefined) {
      dropped += 1;
      continue;
    }
    const total = result.weights.reduce((sum, weight) => sum + weight, 0);
    targets.set(
      result.weights.map((weight) => weight / total),
      row * arms,
    );
    weights[row] = result.rowWeight;
  }
  return { targets, weights, recorded, dropped };
}

function finiteOrMissing(operation: string, rewards: ArrayLike<number>, cell: number): number {
  const value = rewards[cell] as number;
  if (Number.isFinite(value) || Number.isNaN(value)) return value;
  throw new HapsError(
    "non-finite",
    `${operation}: reward ${cell} is ${value}; expected a finite number, or NaN where not run; check the scores and costs`,
    { cell, value },
  );
}

/** Largest recorded value, or `undefined` when none is. */
function maximum(row: readonly number[]): number | undefined {
  const recorded = row.filter((value) => !Number.isNaN(value));
  return recorded.length === 0 ? undefined : Math.max(...recorded);
}

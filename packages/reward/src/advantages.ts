import { HapsError } from "@haps/spec";
import { z } from "zod";

/** Schema of {@link BaselineConfig}. */
export const baselineSchema = z.discriminatedUnion("kind", [
  /** Advantage = reward, as in Eq. 5 of the paper. */
  z.strictObject({ kind: z.literal("none") }),
  /** Mean reward of the other samples of the same group. */
  z.strictObject({ kind: z.literal("leaveOneOut") }),
  /** Exponential moving average over earlier batches. */
  z.strictObject({
    kind: z.literal("moving"),
    /** Share of the old average that a batch keeps. Default 0.9: a memory of about ten batches. */
    decay: z.number().min(0).lt(1).default(0.9),
  }),
]);

/** What is subtracted from a reward to lower the variance of `reinforce`; none of them shifts its mean. */
export type BaselineConfig = z.output<typeof baselineSchema>;

/** Memory of a `moving` baseline; plain JSON, stored in checkpoints. */
export interface BaselineState {
  readonly average: number;
  /** Batches seen. */
  readonly batches: number;
}

/** A baseline that has seen nothing. */
export const initialBaselineState: BaselineState = { average: 0, batches: 0 };

/** Rewards of one batch of samples. */
export interface SampledRewards {
  /** `[samples]`, finite. */
  readonly rewards: ArrayLike<number>;
  /** Group of every sample, such as its question; absent: one group. Read by `leaveOneOut`. */
  readonly groups?: ArrayLike<number>;
}

/** Advantages with the baseline's next state. */
export interface AdvantageResult {
  /** `[samples]`. */
  readonly advantages: Float32Array;
  readonly state: BaselineState;
}

/**
 * Reward minus baseline for every sample.
 *
 * The baseline of a sample never reads the sample's own reward (`moving` reads earlier batches only), so the gradient
 * estimate keeps its mean. The first batch under `moving` has baseline 0. Where all rewards of a group are equal, `leaveOneOut` gives
 * exactly 0.
 *
 * @throws HapsError code `non-finite` for a reward that is no finite number; code `state` when `leaveOneOut` meets a
 * group of one sample; code `shape` when `groups` and `rewards` differ in length.
 *
 * Source: Williams 1992 (baselines); Kool et al. 2019 (leave-one-out).
 *
 * @example
 * ```ts
 * const { advantages } = computeAdvantages({ rewards: [1, 0] }, { kind: "leaveOneOut" }, initialBaselineState);
 * console.assert(advantages.join() === "1,-1");
 * ```
 */
export function computeAdvantages(
  samples: SampledRewards,
  config: BaselineConfig,
  state: BaselineState,
): AdvantageResult {
  const rewards = Float64Array.from(samples.rewards);
  rewards.forEach((value, index) => {
    if (Number.isFinite(value)) return;
    throw new HapsError(
      "non-finite",
      `computeAdvantages: reward ${index} is ${value}; expected a finite number; leave out samples that were not run`,
      { index, value },
    );
  });
  switch (config.kind) {
    case "none":
      return { advantages: Float32Array.from(rewards), state };
    case "leaveOneOut":
      return { advantages: leaveOneOut(rewards, samples.groups), state };
    case "moving":
      return moving(rewards, config.decay, state);
    default:
      return config satisfies never;
  }
}

interface GroupTotal {
  readonly sum: number;
  readonly count: number;
  readonly first: number;
  /** Whether all rewards of the group are the same number. */
  readonly equal: boolean;
}

function leaveOneOut(rewards: Float64Array, groups: ArrayLike<number> | undefined): Float32Array {
  if (groups !== undefined && groups.length !== rewards.length) {
    throw new HapsError(
      "shape",
      `computeAdvantages: got ${groups.length} groups for ${rewards.length} rewards; give one group per sample`,
      { groups: groups.length, rewards: rewards.length },
    );
  }
  const totals = new Map<number, GroupTotal>();
  rewards.forEach((value, index) => {
    const group = groups?.[index] ?? 0;
    const { sum, count, first, equal } = totals.get(group) ?? { sum: 0, count: 0, first: value, equal: true };
    totals.set(group, { sum: sum + value, count: count + 1, first, equal: equal && value === first });
  });
  return Float32Array.from(rewards, (value, index) => {
    const group = groups?.[index] ?? 0;
    const { sum, count, equal } = totals.get(group) as GroupTotal;
    if (count < 2) {
      throw new HapsError(
        "state",
        `computeAdvantages: leaveOneOut has one sample in group ${group}; expected at least 2; sample more per question or group several questions`,
        { group, count },
      );
    }
    // Exactly, so that callers can skip samples that teach nothing: a sum of equal numbers rounds.
    return equal ? 0 : value - (sum - value) / (count - 1);
  });
}

function moving(rewards: Float64Array, decay: number, state: BaselineState): AdvantageResult {
  const advantages = Float32Array.from(rewards, (value) => value - state.average);
  if (rewards.length === 0) return { advantages, state };
  const mean = rewards.reduce((sum, value) => sum + value, 0) / rewards.length;
  const average = state.batches === 0 ? mean : decay * state.average + (1 - decay) * mean;
  return { advantages, state: { average, batches: state.batches + 1 } };
}

import { type ArmIndex, createArmIndex } from "@haps/reward";
import type { Arm, CandidateId, Pool, Settings, Task } from "@haps/spec";
import type { Levels } from "./levels.ts";
import { indexOfBest, meanRewards, type RewardTable } from "./reward-table.ts";

/**
 * What the policy chooses among: all arms of the table, or, without a low level, one action per assignment.
 *
 * Without a low level the arm behind an action is the assignment's best arm on train at the asked cost weight.
 */
export interface ActionSpace {
  readonly size: number;
  /** Where each action stands in the policy's distributions. */
  readonly index: ArmIndex;
  /** Arm behind each action at a cost weight; -1 when none of the assignment's arms was ever run. */
  armsAt(costWeight: number): Int32Array;
  /** Actions that the levels leave open at a cost weight, before any question is seen. */
  openAt(costWeight: number): readonly boolean[];
}

/** What an action space is made from. */
export interface ActionSpaceOptions {
  readonly task: Task;
  readonly pool: Pool;
  readonly arms: readonly Arm[];
  readonly settingsOf: (candidate: CandidateId) => readonly Settings[] | null;
  readonly levels: Levels;
  /** Mean quality and mean normalised cost of every arm on train, `NaN` where never run. */
  readonly means: ArmMeans;
}

/** Mean quality and normalised cost of every arm over training rows; `NaN` where never run. */
export interface ArmMeans {
  readonly quality: Float64Array;
  readonly cost: Float64Array;
}

/** Reads the means out of a reward table. */
export function armMeans(table: RewardTable, rows?: readonly number[]): ArmMeans {
  const quality = meanRewards(table, 0, rows);
  const withCost = meanRewards(table, 1, rows);
  return { quality, cost: quality.map((value, arm) => value - (withCost[arm] as number)) };
}

/** Mean reward of every arm at a cost weight. */
export function rewardsAt(means: ArmMeans, costWeight: number): Float64Array {
  return means.quality.map((quality, arm) => quality - costWeight * (means.cost[arm] as number));
}

/** Makes the action space of a table under the given levels. */
export function createActionSpace(options: ActionSpaceOptions): ActionSpace {
  return options.levels.low === "routed" ? armActions(options) : assignmentActions(options);
}

function armActions(options: ActionSpaceOptions): ActionSpace {
  const { arms, levels, means, task } = options;
  const index = createArmIndex({ ...options, roles: task.roles.map((role) => role.id) });
  const identity = Int32Array.from(arms, (_, arm) => arm);
  return {
    size: arms.length,
    index,
    armsAt: () => identity,
    openAt: (costWeight) => openActions(index, levels, rewardsAt(means, costWeight)),
  };
}

function assignmentActions(options: ActionSpaceOptions): ActionSpace {
  const { arms, levels, means, task } = options;
  const roles = task.roles.map((role) => role.id);
  const keys = arms.map((arm) => JSON.stringify(roles.map((role) => arm[role]?.candidate)));
  const distinct = [...new Set(keys)];
  const members = distinct.map((key) => keys.map((other) => other === key));
  const bare = distinct.map((key): Arm => {
    const candidates = JSON.parse(key) as string[];
    return Object.fromEntries(
      roles.map((role, place) => [role, { candidate: candidates[place] as string, settings: {} }]),
    );
  });
  const index = createArmIndex({ roles, pool: options.pool, arms: bare, settingsOf: () => null });
  const armsAt = (costWeight: number): Int32Array => {
    const rewards = rewardsAt(means, costWeight);
    return Int32Array.from(members, (allowed) => indexOfBest(rewards, allowed));
  };
  return {
    size: distinct.length,
    index,
    armsAt,
    openAt: (costWeight) => {
      const rewards = rewardsAt(means, costWeight);
      const best = Float64Array.from(armsAt(costWeight), (arm) => (arm === -1 ? Number.NaN : (rewards[arm] as number)));
      return openActions(index, levels, best);
    },
  };
}

/** Everything that was ever run, or with a fixed high level only the actions that share the best action's candidates. */
function openActions(index: ArmIndex, levels: Levels, rewards: Float64Array): readonly boolean[] {
  const best = index.assignments[indexOfBest(rewards)]?.join();
  return index.assignments.map(
    (assignment, action) =>
      !Number.isNaN(rewards[action] as number) && (levels.high !== "fixed" || assignment.join() === best),
  );
}

import { type ArmIndex, type ArmMeans, createArmIndex, rewardsAt } from "@haps/reward";
import type { Arm, CandidateId, Pool, Settings, Task } from "@haps/spec";
import { indexOfBest } from "./index-of-best.ts";
import type { Levels } from "./levels.ts";

/**
 * What the policy chooses among: all arms of the table, or, without a low level, one action per assignment.
 *
 * Without a low level the arm behind an action is the assignment's best arm on train at the asked cost weight.
 */
export interface ActionSpace {
  readonly size: number;
  /** Where each action stands in the policy's distributions. */
  readonly index: ArmIndex;
  /** Arm behind each action at a cost weight. */
  armsAt(costWeight: number): Int32Array;
  /**
   * Actions that the levels leave open at a cost weight among those that are allowed, before any question is seen. Arms that
   * were never run stay closed while another is allowed.
   *
   * @param allowed - Default: all.
   */
  openAt(costWeight: number, allowed?: readonly boolean[]): readonly boolean[];
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
    openAt: (costWeight, allowed) => openActions(index, levels, rewardsAt(means, costWeight), allowed),
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
    return Int32Array.from(members, (own) => {
      const best = indexOfBest(rewards, own);
      return best === -1 ? own.indexOf(true) : best;
    });
  };
  return {
    size: distinct.length,
    index,
    armsAt,
    openAt: (costWeight, allowed) => {
      const rewards = rewardsAt(means, costWeight);
      const best = Float64Array.from(armsAt(costWeight), (arm) => rewards[arm] as number);
      return openActions(index, levels, best, allowed);
    },
  };
}

/** What was ever run, or with a fixed high level only the actions that share the best allowed action's candidates. */
function openActions(
  index: ArmIndex,
  levels: Levels,
  rewards: Float64Array,
  allowed: readonly boolean[] = index.assignments.map(() => true),
): readonly boolean[] {
  const best = index.assignments[indexOfBest(rewards, allowed)]?.join();
  if (best === undefined) return allowed;
  return index.assignments.map(
    (assignment, action) =>
      allowed[action] === true &&
      !Number.isNaN(rewards[action] as number) &&
      (levels.high !== "fixed" || assignment.join() === best),
  );
}

import type { ArmIndex, ArmMeans } from "@haps/reward";
import type { CandidateId } from "@haps/spec";

/** Question-independent worth of some alternatives, in units of reward: `quality - costWeight * cost`. */
export interface UtilityPrior {
  readonly quality: Float32Array;
  readonly cost: Float32Array;
}

/** Where a policy starts: mean outcomes on train, split over the two levels. */
export interface PolicyPrior {
  /** One entry per candidate of the pool: its main effect over roles, mean 0 over the recorded arms. */
  readonly candidates: UtilityPrior;
  /** One entry per settings; the mean deviation from what the candidates explain. */
  readonly settings: ReadonlyMap<CandidateId, UtilityPrior>;
}

/**
 * Splits the mean outcome of every action over the two levels.
 *
 * With one role the two parts add up to the action's mean, less the overall one, exactly; with several each part holds main
 * effects only.
 *
 * @param means - Mean quality and cost of the arm behind each action; `NaN` where never run, which counts as the mean.
 */
export function policyPrior(index: ArmIndex, means: ArmMeans): PolicyPrior {
  const quality = splitEffects(index, means.quality);
  const cost = splitEffects(index, means.cost);
  return {
    candidates: { quality: quality.candidates, cost: cost.candidates },
    settings: new Map(
      [...quality.settings].map(([id, values]) => [
        id,
        { quality: values, cost: cost.settings.get(id) as Float32Array },
      ]),
    ),
  };
}

interface Effects {
  readonly candidates: Float32Array;
  readonly settings: ReadonlyMap<CandidateId, Float32Array>;
}

function splitEffects(index: ArmIndex, values: Float64Array): Effects {
  const recorded = values.filter((value) => !Number.isNaN(value));
  const overall = recorded.reduce((sum, value) => sum + value, 0) / Math.max(1, recorded.length);
  const centred = values.map((value) => (Number.isNaN(value) ? 0 : value - overall));
  const members = index.assignments.flatMap((assignment, action) =>
    assignment.map((candidate, role) => ({ candidate, setting: index.settings[action]?.[role] ?? -1, action })),
  );
  const candidates = groupMeans(
    members.map(({ candidate }) => candidate),
    members.map(({ action }) => centred[action] as number),
    index.candidates.length,
  );
  const explained = index.assignments.map((assignment) =>
    assignment.reduce((sum, candidate) => sum + (candidates[candidate] as number), 0),
  );
  const settings = new Map<CandidateId, Float32Array>();
  index.candidates.forEach(({ id, settings: count }, place) => {
    if (count === 0) return;
    const own = members.filter(({ candidate }) => candidate === place);
    const deviations = own.map(({ action }) => (centred[action] as number) - (explained[action] as number));
    settings.set(
      id,
      groupMeans(
        own.map(({ setting }) => setting),
        deviations,
        count,
      ),
    );
  });
  return { candidates, settings };
}

function groupMeans(groups: readonly number[], values: readonly number[], size: number): Float32Array {
  const sums = new Float64Array(size);
  const counts = new Float64Array(size);
  groups.forEach((group, place) => {
    sums[group] = (sums[group] as number) + (values[place] as number);
    counts[group] = (counts[group] as number) + 1;
  });
  return Float32Array.from(sums, (sum, group) => sum / Math.max(1, counts[group] as number));
}

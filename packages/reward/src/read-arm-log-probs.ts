import { HapsError } from "@haps/spec";
import type { PolicyReader } from "@haps/tensor";
import type { ArmIndex } from "./arm-index.ts";

/**
 * Joint log-probability of every arm of an index for one row: plain twin of `armLogProbs`, both levels added.
 *
 * @param row - What a policy's reader gave for the row.
 * @returns `[arms]`; the caller owns it.
 * @throws HapsError code `state` when the policy distributes over other settings than the index.
 */
export function readArmLogProbs(index: ArmIndex, row: ReturnType<PolicyReader>): Float64Array {
  const { candidates, assignments, settings } = index;
  const low = candidates.map(({ id, settings: count }) => {
    if (count === 0) return null;
    const logProbs = row.settings(id);
    if (logProbs?.length === count) return logProbs;
    throw new HapsError(
      "state",
      `readArmLogProbs: the policy distributes over ${logProbs?.length ?? 0} settings of "${id}"; expected the index's ${count}; make both from the same pool`,
      { candidate: id, actual: logProbs?.length ?? 0, expected: count },
    );
  });
  return Float64Array.from(assignments, (assignment, arm) => {
    const code = assignment.reduce((sum, candidate) => sum * candidates.length + candidate, 0);
    let logProb = row.assignments[code] as number;
    assignment.forEach((candidate, role) => {
      logProb += low[candidate]?.[settings[arm]?.[role] as number] ?? 0;
    });
    return logProb;
  });
}

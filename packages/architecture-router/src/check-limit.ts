import { HapsError } from "@haps/spec";

/** Refuses a length of a ranking that is no positive integer; code `config`. */
export function checkLimit(limit: number): void {
  if (Number.isSafeInteger(limit) && limit >= 1) return;
  throw new HapsError(
    "config",
    `AssignmentDistribution.top: the limit is ${limit}; expected an integer >= 1; ask for as many assignments as you read`,
    { limit },
  );
}

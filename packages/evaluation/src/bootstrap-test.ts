import { HapsError } from "@haps/spec";

/** What a studentised bootstrap says about a mean difference. */
export interface BootstrapTest {
  readonly difference: number;
  readonly standardError: number;
  /** Studentised deviations of the resamples, ascending, undefined ones counted as infinite on the careful side. */
  readonly upperTail: Float64Array;
  /** The same for the other tail. */
  readonly lowerTail: Float64Array;
}

/** Makes a test of resampled studentised deviations, `[resamples]`. */
export function bootstrapTest(difference: number, standardError: number, deviations: Float64Array): BootstrapTest {
  const undefinedAs = (value: number): Float64Array =>
    deviations.map((deviation) => (Number.isNaN(deviation) ? value : deviation)).sort();
  return {
    difference,
    standardError,
    upperTail: undefinedAs(Number.POSITIVE_INFINITY),
    lowerTail: undefinedAs(Number.NEGATIVE_INFINITY),
  };
}

/** Chance, where the true difference is 0, of a studentised one at least as large (`greater`) or as small (`less`). */
export function oneSidedP(test: BootstrapTest, side: "greater" | "less"): number {
  const { difference, standardError, upperTail, lowerTail } = test;
  const resamples = upperTail.length;
  const towards = side === "greater" ? difference : -difference;
  // Without any spread all resamples are the sample itself: as extreme as it gets, or no evidence at all.
  if (standardError === 0) return towards > 0 ? 1 / (resamples + 1) : 1;
  const observed = difference / standardError;
  const extreme =
    side === "greater"
      ? upperTail.filter((value) => value >= observed).length
      : lowerTail.filter((value) => value <= observed).length;
  return (1 + extreme) / (resamples + 1);
}

/**
 * The lower bound that belongs to {@link oneSidedP}: above 0 exactly where the one-sided p-value is at most `level`.
 *
 * `d - se · t` with `t` the largest value that at least `floor(level (B + 1))` studentised deviations reach.
 *
 * @returns At least -1, the smallest difference of scores between 0 and 1.
 * @throws HapsError code `config` when there are too few resamples for the level.
 */
export function lowerBound(operation: string, test: BootstrapTest, level: number): number {
  const { difference, standardError, upperTail } = test;
  const resamples = upperTail.length;
  const reached = Math.floor(level * (resamples + 1) * (1 + 1e-12));
  if (reached < 1) {
    throw new HapsError(
      "config",
      `${operation}: resamples: ${resamples} cannot tell a chance of ${level}; expected at least ${Math.ceil(1 / level) - 1}; raise resamples`,
      { resamples, level },
    );
  }
  if (standardError === 0) return difference;
  return Math.max(-1, difference - standardError * (upperTail[resamples - reached] as number));
}

import { averageOverSeeds } from "./average-over-seeds.ts";
import { type BootstrapOptions, type ResolvedBootstrapOptions, resolveBootstrapOptions } from "./bootstrap-options.ts";
import { type BootstrapTest, bootstrapTest, lowerBound, oneSidedP } from "./bootstrap-test.ts";
import { checkComparisons } from "./check-comparisons.ts";
import { type ClusteredDifference, clusteredDifference } from "./clustered-difference.ts";
import {
  bootstrapRatios,
  groupingOf,
  type Interval,
  percentileInterval,
  resampleFunctionals,
  statisticValue,
} from "./group-bootstrap.ts";
import { holmAdjust, holmLowerBounds, rejectsAt } from "./holm.ts";
import { meanStatistic } from "./paired-bootstrap.ts";
import { recordedMean, sampleDeviation } from "./recorded-mean.ts";
import { type SeedContrast, type SeedScores, seedContrast } from "./seed-contrast.ts";
import { twoLevelIntervals } from "./two-level-bootstrap.ts";

/** A method with its runs on one fixed test split. */
export interface SeededMethod {
  readonly id: string;
  /** One per seed; a deterministic method has one. */
  readonly seeds: readonly SeedScores[];
}

/** One of the comparisons that were named before the results were seen. */
export interface PlannedComparison {
  readonly id: string;
  readonly method: string;
  readonly baseline: string;
  /** Whether only "the method is better" was to be shown. Default true. */
  readonly oneSided?: boolean;
}

/** What {@link compareMethods} reads. */
export interface CompareMethodsInput {
  readonly methods: readonly SeededMethod[];
  /** `[questions]`, what each question shares with others, e.g. its chain: drawn together. */
  readonly clusters: readonly string[];
  /** The whole family that Holm corrects for; others belong in a call of their own. */
  readonly comparisons: readonly PlannedComparison[];
  readonly options?: BootstrapOptions;
}

/** One method on the test split. */
export interface SeededMethodSummary {
  readonly id: string;
  /** Mean over the questions, each averaged over its recorded seeds first. */
  readonly score: number;
  readonly low: number;
  readonly high: number;
  /** Mean cost of one question; `null` where none is recorded. */
  readonly cost: number | null;
  /** Standard deviation over seeds of the mean score; `null` for one seed. */
  readonly seedDeviation: number | null;
  readonly seeds: number;
  /** Failed runs of a question, over all seeds. */
  readonly missing: number;
}

/** One comparison; differences are "method minus baseline" in units of the score. */
export interface MethodComparison {
  readonly id: string;
  readonly method: string;
  readonly baseline: string;
  readonly oneSided: boolean;
  /** Mean over the questions, each averaged over its recorded pairs first. */
  readonly difference: number;
  /** Low end of the percentile interval over clusters, not corrected for the number of comparisons. */
  readonly low: number;
  /** High end of the same interval. */
  readonly high: number;
  /** Clustered standard error. */
  readonly standardError: number;
  /** Against "the difference is at most 0". */
  readonly pOneSided: number;
  /** Against "the difference is 0", twice the smaller tail. */
  readonly pTwoSided: number;
  /** Holm's adjustment, over the family, of the p-value that `oneSided` names. */
  readonly pHolm: number;
  /** Whether Holm's procedure rejects at `1 - level`. Two-sided comparisons may be rejected for a method that is worse. */
  readonly rejected: boolean;
  /** Simultaneous lower bound by Bonferroni: all of them hold together with chance `level`. */
  readonly bonferroniLow: number;
  /** Simultaneous lower bound that belongs to Holm; `null` where a comparison of the family is two-sided. */
  readonly holmLow: number | null;
  /** Interval when seeds are drawn anew as well; `null` without several seeds on any side. */
  readonly overSeeds: Interval | null;
  /** Mean difference of every seed. */
  readonly perSeed: readonly { readonly seed: number; readonly difference: number }[];
  /** Standard deviation of `perSeed`; `null` for one seed. */
  readonly seedDeviation: number | null;
  /** Seeds whose difference is above 0. */
  readonly seedsInFavour: number;
  /** Questions with a recorded pair. */
  readonly questions: number;
  /** Clusters with a recorded pair. */
  readonly clusters: number;
  /** Pairs of runs of one seed and question that lack a side and are left out. */
  readonly missingPairs: number;
}

/** What {@link compareMethods} finds. */
export interface MethodComparisons {
  readonly questions: number;
  readonly clusters: number;
  readonly level: number;
  readonly methods: readonly SeededMethodSummary[];
  readonly comparisons: readonly MethodComparison[];
}

/**
 * Compares methods that were run with several seeds on one fixed test split.
 *
 * Per question, differences are averaged over seeds; clusters of questions are then drawn with replacement, the same ones
 * for every method. Equal sets of seeds are paired; otherwise the side with one seed, or the baseline, is averaged first.
 *
 * - **p-values** come from the studentised bootstrap with the null centred: with `t = d / se` and
 *   `t* = (d* - d) / se*`, `se` clustered and computed anew in each resample, `p = (1 + #{t* >= t}) / (1 + resamples)`.
 *   Flipping the signs of clusters would be exact only where differences are symmetric, or methods exchangeable, under the
 *   null; "no better on average" says neither. The studentised bootstrap needs neither, is second-order accurate, and
 *   turns into the bounds below without another approximation: `p <= a` exactly where the bound at `a` is above 0.
 * - **Holm** adjusts them over the family, whatever their dependence.
 * - **`bonferroniLow`** are bootstrap-t bounds at `(1 - level) / m` each (half of it for two-sided comparisons). They keep
 *   the size of an effect. **`holmLow`** are the bounds of Strassburger and Bretz, 0 or more exactly where Holm rejects;
 *   0 means "above 0, by how much is not said" while other comparisons of the family are still open. Quote one set, not
 *   the larger of both.
 * - **Seeds**: all of this speaks of the methods as trained. `perSeed`, `seedDeviation` and `overSeeds`
 *   (seeds and clusters drawn independently) stand beside it.
 *
 * @returns Plain JSON. Failed runs (`NaN`) are left out in pairs and counted, never scored 0.
 * @throws ShapeError for lengths that differ or a method without seeds; HapsError code `config` for ids that repeat or are
 *   unknown, options out of range, or too few resamples for the family; `data` for a score outside 0 to 1 or fewer than 10
 *   clusters with a recorded pair.
 *
 * Source: P. Hall and S. Wilson, Two Guidelines for Bootstrap Hypothesis Testing (1991); A. Cameron, J. Gelbach and
 * D. Miller, Bootstrap-Based Improvements for Inference with Clustered Errors (2008); A. Davison and D. Hinkley, Bootstrap
 * Methods and Their Application (1997), section 4.4; S. Holm (1979); K. Strassburger and F. Bretz (2008); A. Owen (2007).
 *
 * @example
 * ```ts
 * // Invented: 20 clusters of two questions; the router is right where the rule is, and in every other cluster besides.
 * const questions = Array.from({ length: 40 }, (_, question) => question);
 * const rule = Float64Array.from(questions, (question) => question % 2);
 * const router = Float64Array.from(questions, (question) => (question % 4 === 2 ? 1 : question % 2));
 * const { comparisons } = compareMethods({
 *   methods: [
 *     { id: "router", seeds: [{ seed: 0, score: router }, { seed: 1, score: router }] },
 *     { id: "rule", seeds: [{ seed: 0, score: rule }] },
 *   ],
 *   clusters: questions.map((question) => `chain ${Math.floor(question / 2)}`),
 *   comparisons: [{ id: "primary", method: "router", baseline: "rule" }],
 * });
 * console.assert(comparisons[0]?.difference === 0.25 && comparisons[0].rejected && comparisons[0].bonferroniLow > 0);
 * ```
 */
export function compareMethods(input: CompareMethodsInput): MethodComparisons {
  const operation = "compareMethods";
  const { methods, clusters, comparisons } = input;
  const options = resolveBootstrapOptions(operation, input.options);
  checkComparisons(operation, input);
  const grouping = groupingOf(clusters);
  const seedsOf = new Map(methods.map(({ id, seeds }) => [id, seeds]));
  const contrasts = comparisons.map(({ method, baseline }) =>
    seedContrast(seedsOf.get(method) as SeedScores[], seedsOf.get(baseline) as SeedScores[]),
  );
  const differences = contrasts.map(({ values }, index) =>
    clusteredDifference(operation, comparisons[index]?.id as string, values, grouping),
  );
  const samples =
    contrasts.length === 0
      ? []
      : resampleFunctionals(
          operation,
          differences.flatMap(({ deviation, studentised }) => [deviation, studentised]),
          grouping.count,
          options,
        );
  const tests = differences.map(({ difference, standardError }, index) =>
    bootstrapTest(difference, standardError, samples[2 * index + 1] as Float64Array),
  );
  const decisions = decide(operation, comparisons, tests, 1 - options.level);
  const overSeeds = contrasts.length === 0 ? [] : twoLevelIntervals(operation, contrasts, grouping, options);
  const statistics = methods.map(({ seeds }) =>
    meanStatistic(averageOverSeeds(seeds.map(({ score }) => score)), grouping.groupOf, grouping.count),
  );
  const intervals = bootstrapRatios(operation, statistics, grouping.count, options);
  return {
    questions: clusters.length,
    clusters: grouping.count,
    level: options.level,
    methods: methods.map((method, index) => ({
      ...plainFigures(method),
      score: statisticValue(statistics[index] as (typeof statistics)[number]),
      ...(intervals[index] as Interval),
    })),
    comparisons: comparisons.map(({ id, method, baseline }, index) => ({
      id,
      method,
      baseline,
      ...(decisions[index] as Decided),
      ...interval(operation, differences[index] as ClusteredDifference, samples[2 * index] as Float64Array, options),
      ...seedFigures(contrasts[index] as SeedContrast),
      overSeeds: overSeeds[index] as Interval | null,
    })),
  };
}

type Decided = Pick<
  MethodComparison,
  "oneSided" | "pOneSided" | "pTwoSided" | "pHolm" | "rejected" | "bonferroniLow" | "holmLow"
>;

/** Tests the whole family. `level` is the chance of any false claim. */
function decide(
  operation: string,
  comparisons: readonly PlannedComparison[],
  tests: readonly BootstrapTest[],
  level: number,
): Decided[] {
  const sides = tests.map((test, index) => {
    const pOneSided = oneSidedP(test, "greater");
    const pTwoSided = Math.min(1, 2 * Math.min(pOneSided, oneSidedP(test, "less")));
    return { oneSided: comparisons[index]?.oneSided ?? true, pOneSided, pTwoSided };
  });
  const adjusted = holmAdjust(sides.map((side) => (side.oneSided ? side.pOneSided : side.pTwoSided)));
  const rejected = adjusted.map((value) => rejectsAt(value, level));
  const lowerAt = (index: number, chance: number): number =>
    lowerBound(operation, tests[index] as BootstrapTest, chance);
  const holmLow = sides.every(({ oneSided }) => oneSided) ? holmLowerBounds(rejected, level, lowerAt) : null;
  return sides.map((side, index) => ({
    ...side,
    pHolm: adjusted[index] as number,
    rejected: rejected[index] as boolean,
    bonferroniLow: lowerAt(index, level / tests.length / (side.oneSided ? 1 : 2)),
    holmLow: holmLow?.[index] ?? null,
  }));
}

function interval(
  operation: string,
  { difference, standardError, clusters }: ClusteredDifference,
  deviations: Float64Array,
  { level }: ResolvedBootstrapOptions,
): Pick<MethodComparison, "difference" | "low" | "high" | "standardError" | "clusters"> {
  const { low, high } = percentileInterval(operation, deviations, level);
  return { difference, low: difference + low, high: difference + high, standardError, clusters };
}

function seedFigures({
  values,
  perSeed,
}: SeedContrast): Pick<MethodComparison, "perSeed" | "seedDeviation" | "seedsInFavour" | "questions" | "missingPairs"> {
  const recorded = perSeed.filter((one) => !one.values.every(Number.isNaN));
  const means = recorded.map((one) => ({ seed: one.seed, difference: recordedMean(one.values) }));
  return {
    perSeed: means,
    seedDeviation: sampleDeviation(means.map(({ difference }) => difference)),
    seedsInFavour: means.filter(({ difference }) => difference > 0).length,
    questions: values.length - countMissing(values),
    missingPairs: perSeed.reduce((sum, one) => sum + countMissing(one.values), 0),
  };
}

function plainFigures({ id, seeds }: SeededMethod): Omit<SeededMethodSummary, "score" | "low" | "high"> {
  const costs = seeds.flatMap(({ cost }) => (cost === undefined ? [] : [cost]));
  const cost = costs.length === 0 ? Number.NaN : recordedMean(averageOverSeeds(costs));
  const means = seeds.map(({ score }) => recordedMean(score)).filter((mean) => !Number.isNaN(mean));
  return {
    id,
    cost: Number.isNaN(cost) ? null : cost,
    seedDeviation: sampleDeviation(means),
    seeds: seeds.length,
    missing: seeds.reduce((sum, { score }) => sum + countMissing(score), 0),
  };
}

function countMissing(values: Float64Array): number {
  return values.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0);
}

import { HapsError } from "@haps/spec";
import { averageOverSeeds } from "./average-over-seeds.ts";
import { type BootstrapOptions, resolveBootstrapOptions } from "./bootstrap-options.ts";
import { collectOutcomes, type OutcomesInput } from "./collect-outcomes.ts";
import {
  bootstrapRatios,
  type Grouping,
  groupingOf,
  type Interval,
  type RatioStatistic,
  statisticValue,
} from "./group-bootstrap.ts";
import type { MethodOutcomes } from "./index-records.ts";
import { meanStatistic, type PairedDifference } from "./paired-bootstrap.ts";
import { FEWEST_TEXTS, recordedGroups, widenSparse } from "./recorded-groups.ts";
import { recordedMean, sampleDeviation } from "./recorded-mean.ts";
import { routingEntropy } from "./routing-entropy.ts";

/** One line of an evaluation's table. Differences are "this method minus the other". */
export interface MethodSummary {
  readonly name: string;
  /** Mean score over the questions, after averaging over seeds; 0 to 1. */
  readonly score: number;
  /** 95% interval of the score over distinct texts; wider (Hoeffding) where gaps leave fewer than 10, or one value only. */
  readonly interval: readonly [low: number, high: number];
  /** Mean cost of one question in the table's unit; `null` without costs. */
  readonly cost: number | null;
  /** Cost over that of the best single arm, on the questions where both are recorded; `null` without costs. */
  readonly costRatio: number | null;
  /** 95% interval of the cost ratio. */
  readonly costRatioInterval: readonly [low: number, high: number] | null;
  /** Entropy in nats of how often each arm is chosen, averaged over seeds. */
  readonly entropy: number;
  /** The same over `log(arms)`, 0 to 1. */
  readonly entropyNormalised: number;
  /** Standard deviation over seeds of the mean score; `null` for one seed. */
  readonly seedDeviation: number | null;
  /** True for controls that read privileged labels and for oracles. */
  readonly privileged: boolean;
  /** True for methods that the evaluation computes by itself. */
  readonly reference: boolean;
  /** This method minus the best single arm of the training part of each fold, with its 95% interval; `null` for fewer than 10 texts with a recorded pair. */
  readonly versusBestSingle: PairedDifference | null;
  /** This method minus HAPS, with its 95% interval; `null` when HAPS is not among the methods, or for fewer than 10 texts with a recorded pair. */
  readonly versusHaps: PairedDifference | null;
  /** `(score - best single) / (oracle - best single)` on the same questions; `null` when the oracle gains nothing. */
  readonly oracleShare: number | null;
  /** Choices, over all seeds, whose cell was not run; they are left out pairwise and never scored 0. */
  readonly notRecorded: number;
}

/** The result of an evaluation, as `haps evaluate --json` prints it. */
export interface EvaluationSummary {
  readonly experiment: string;
  /** Number of questions. */
  readonly questions: number;
  /** Number of distinct texts, which is what intervals resample. */
  readonly texts: number;
  /** Number of folds of the first seed. */
  readonly folds: number;
  readonly seeds: readonly number[];
  /** Cost weight at which the routers were asked. */
  readonly costWeight: number;
  readonly costUnit: string | null;
  readonly methods: readonly MethodSummary[];
}

/** What {@link summarise} reads. */
export interface SummariseInput extends OutcomesInput {
  readonly experiment: string;
  /** Name of the method that `versusHaps` compares with. Default `haps`. */
  readonly haps?: string;
  readonly bootstrap?: BootstrapOptions;
}

/**
 * The table of an evaluation: every method, the reference methods, and paired intervals over distinct texts.
 *
 * Values are averaged over seeds for each question first; then distinct texts are resampled, the same ones for every
 * method and statistic. Questions whose chosen cell was not run are left out of the pair and counted.
 *
 * @returns Plain JSON; the same records in any order give the same bytes.
 * @throws HapsError code `data` or `config` as {@link collectOutcomes}, and `data` for fewer than two distinct texts or
 *   a method without any recorded outcome.
 */
export function summarise(input: SummariseInput): EvaluationSummary {
  const { table, seeds, experiment, costWeight = 0, haps = "haps" } = input;
  const collected = collectOutcomes(input);
  const options = resolveBootstrapOptions("summarise", input.bootstrap);
  const grouping = groupingOf(collected.groups);
  const find = (name: string): MethodOutcomes | undefined => collected.methods.find((method) => method.name === name);
  const references: References = {
    bestSingle: find("best-single") as MethodOutcomes,
    haps: find(haps),
    oracle: find("oracle") as MethodOutcomes,
  };
  const statistics = collected.methods.map((method) => methodStatistics(method, references, grouping));
  const flat = statistics.flatMap((members) => Object.values(members).filter((member) => member !== null));
  const intervals = bootstrapRatios("summarise", flat, grouping.count, options);
  const intervalOf = new Map(flat.map((statistic, index) => [statistic, intervals[index] as Interval]));
  return {
    experiment,
    questions: table.rows.length,
    texts: grouping.count,
    folds: seeds[0]?.folds.length ?? 0,
    seeds: seeds.map(({ seed }) => seed),
    costWeight,
    costUnit: table.costUnit ?? null,
    methods: collected.methods.map((method, index) => ({
      ...plainFigures(method, references),
      ...resampledFigures(method, references, statistics[index] as MethodStatistics, intervalOf, options.level),
    })),
  };
}

interface References {
  readonly bestSingle: MethodOutcomes;
  readonly haps: MethodOutcomes | undefined;
  readonly oracle: MethodOutcomes;
}

/** What is resampled of one method; `null` where nothing is recorded to resample. */
type MethodStatistics = Readonly<Record<"score", RatioStatistic>> &
  Readonly<Record<"costRatio" | "versusBestSingle" | "versusHaps", RatioStatistic | null>>;

type Resampled = "score" | "interval" | "costRatio" | "costRatioInterval" | "versusBestSingle" | "versusHaps";

function methodStatistics(method: MethodOutcomes, references: References, grouping: Grouping): MethodStatistics {
  const mean = (values: Float64Array): RatioStatistic | null =>
    values.every(Number.isNaN) ? null : meanStatistic(values, grouping.groupOf, grouping.count);
  const score = mean(averageOverSeeds(method.perSeed.map((outcomes) => outcomes.score)));
  if (score === null) {
    throw new HapsError(
      "data",
      `summarise: method ${JSON.stringify(method.name)} chose no cell that was run; expected at least one recorded outcome; check the arms it chooses`,
      { method: method.name },
    );
  }
  const difference = (other: MethodOutcomes): RatioStatistic | null => {
    const statistic = mean(scoreDifferences(method, other));
    return statistic === null || recordedGroups(statistic) < FEWEST_TEXTS ? null : statistic;
  };
  return {
    score,
    costRatio: costRatioStatistic(method, references.bestSingle, grouping),
    versusBestSingle: difference(references.bestSingle),
    versusHaps: references.haps === undefined ? null : difference(references.haps),
  };
}

function resampledFigures(
  method: MethodOutcomes,
  references: References,
  statistics: MethodStatistics,
  intervalOf: ReadonlyMap<RatioStatistic, Interval>,
  level: number,
): Pick<MethodSummary, Resampled> {
  const found = (statistic: RatioStatistic): Interval => intervalOf.get(statistic) as Interval;
  const bounds = ({ low, high }: Interval): readonly [number, number] => [low, high];
  const paired = (statistic: RatioStatistic | null, other: MethodOutcomes | undefined): PairedDifference | null => {
    if (statistic === null || other === undefined) return null;
    const interval = found(statistic);
    const widened = sameOutcomes(method, other)
      ? interval
      : widenSparse(statistic, interval, { low: -1, high: 1 }, level);
    return { difference: statisticValue(statistic), ...widened };
  };
  const { score, costRatio } = statistics;
  return {
    score: statisticValue(score),
    interval: bounds(widenSparse(score, found(score), { low: 0, high: 1 }, level)),
    costRatio: costRatio === null ? null : statisticValue(costRatio),
    costRatioInterval: costRatio === null ? null : bounds(found(costRatio)),
    versusBestSingle: paired(statistics.versusBestSingle, references.bestSingle),
    versusHaps: paired(statistics.versusHaps, references.haps),
  };
}

function plainFigures(method: MethodOutcomes, { bestSingle, oracle }: References): Omit<MethodSummary, Resampled> {
  const { perSeed } = method;
  const cost = recordedMean(averageOverSeeds(perSeed.map((outcomes) => outcomes.cost)));
  const entropies = perSeed.map(({ frequencies }) => routingEntropy(frequencies));
  return {
    name: method.name,
    cost: Number.isNaN(cost) ? null : cost,
    entropy: recordedMean(Float64Array.from(entropies, ({ nats }) => nats)),
    entropyNormalised: recordedMean(Float64Array.from(entropies, ({ normalised }) => normalised)),
    seedDeviation: sampleDeviation(perSeed.map(({ score }) => recordedMean(score))),
    privileged: method.privileged,
    reference: method.reference,
    oracleShare: oracleShare(method, bestSingle, oracle),
    notRecorded: perSeed.reduce((sum, { score }) => sum + score.filter(Number.isNaN).length, 0),
  };
}

/** `[questions]`, this minus the other, averaged over the seeds in which both are recorded. */
function scoreDifferences(method: MethodOutcomes, other: MethodOutcomes): Float64Array {
  return averageOverSeeds(
    method.perSeed.map(({ score }, seed) => {
      const against = other.perSeed[seed]?.score as Float64Array;
      return score.map((value, question) => value - (against[question] as number));
    }),
  );
}

/** Whether both choose alike, as far as the table tells: the same scores and the same gaps. */
function sameOutcomes(method: MethodOutcomes, other: MethodOutcomes): boolean {
  return method.perSeed.every(({ score }, seed) =>
    score.every((value, question) => Object.is(value, other.perSeed[seed]?.score[question])),
  );
}

function costRatioStatistic(method: MethodOutcomes, other: MethodOutcomes, grouping: Grouping): RatioStatistic | null {
  const paired = (values: readonly Float64Array[], masks: readonly Float64Array[]): Float64Array =>
    averageOverSeeds(
      values.map((cost, seed) =>
        cost.map((value, question) => (Number.isNaN(masks[seed]?.[question]) ? Number.NaN : value)),
      ),
    );
  const own = method.perSeed.map(({ cost }) => cost);
  const theirs = other.perSeed.map(({ cost }) => cost);
  const numerator = meanStatistic(paired(own, theirs), grouping.groupOf, grouping.count).numerator;
  const denominator = meanStatistic(paired(theirs, own), grouping.groupOf, grouping.count).numerator;
  if (denominator.every((cost) => cost === 0)) return null;
  const same = numerator.every((cost, group) => cost === denominator[group]);
  return { numerator, denominator, ...(same ? { constant: 1 } : {}) };
}

function oracleShare(method: MethodOutcomes, bestSingle: MethodOutcomes, oracle: MethodOutcomes): number | null {
  const own = scoreDifferences(method, bestSingle);
  const possible = scoreDifferences(oracle, bestSingle).map((value, question) =>
    Number.isNaN(own[question]) ? Number.NaN : value,
  );
  const gain = recordedMean(possible);
  return gain > 0 ? recordedMean(own) / gain : null;
}

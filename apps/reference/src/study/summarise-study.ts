import { compareMethods } from "@haps/evaluation";
import { HapsError } from "@haps/spec";
import { labelScores, learningCurves, meanDiagnostics } from "./study-breakdown.ts";
import { type ComparedStudy, hasScore, primaryComparisons, secondaryComparisons } from "./study-comparisons.ts";
import type { StudyConfig } from "./study-config.ts";
import { costFirstRatio, studyHull } from "./study-hull.ts";
import { deviationOverSeeds, meanOverSeeds } from "./study-means.ts";
import {
  assignmentName,
  BEST_SINGLE,
  CLASS_TABLE,
  type StudyMethod,
  type StudyOutcomes,
  studyMethods,
} from "./study-methods.ts";
import type { StudyMethodRow, StudyResult } from "./study-result.ts";
import { planUnits, type UnitRecord, unitName } from "./study-unit.ts";

/** What {@link summariseStudy} reads. */
export interface StudyInput {
  readonly config: StudyConfig;
  /** The study's; units of others are left out. */
  readonly seeds: readonly number[];
  /** Of the units that have finished. */
  readonly units: readonly UnitRecord[];
  readonly outcomes: StudyOutcomes;
  /** How often test was opened so far. */
  readonly openings: number;
  /** Bad habits that were put into the training texts of candidates, by id, in words. */
  readonly habits?: Readonly<Record<string, readonly string[]>>;
  /** Hashes, versions and the like, by name. */
  readonly provenance?: Readonly<Record<string, string>>;
  /** Of every bootstrap. Default 10,000. */
  readonly resamples?: number;
}

const RESAMPLES = 10_000;
const LABELS = ["type", "class"];

/**
 * Makes the tables and comparisons of a study out of its finished units; the same units give the same bytes.
 *
 * Works while units are missing and on few questions: what cannot be said then is `null` or says why.
 *
 * @throws HapsError code `data` for units of another number of questions; code `config` where ids of methods repeat.
 */
export function summariseStudy(input: StudyInput): StudyResult {
  const { config, seeds, outcomes } = input;
  const { table } = outcomes.test;
  const planned = planUnits(config, seeds);
  const names = new Set(planned.map(unitName));
  const units = input.units.filter((unit) => names.has(unitName(unit)));
  const finished = new Set(units.map(unitName));
  const methods = studyMethods(config, units, outcomes);
  checkDistinct(methods.map(({ id }) => id));
  const study: ComparedStudy = {
    config,
    methods,
    clusters: table.rows.map(({ question, labels }) => labels.chain ?? question.id),
    missing: planned.filter((unit) => !finished.has(unitName(unit))),
    resamples: input.resamples ?? RESAMPLES,
  };
  const main = mainMethod(config);
  const primary = primaryComparisons(study);
  const mainIds = [
    main,
    ...primary.comparisons.flatMap(({ method, baseline }) => [method, baseline]),
    ...(primary.bestRouter === null ? [] : [primary.bestRouter.id]),
    BEST_SINGLE,
    CLASS_TABLE,
    "oracle",
  ];
  const shown = [...new Set(mainIds)].flatMap((id) => methods.filter((method) => method.id === id));
  return {
    kind: "study",
    schemaVersion: 1,
    id: config.id,
    title: config.title,
    benchmark: config.benchmark,
    heldOut: config.heldOut,
    seeds: [...seeds],
    counts: {
      questions: table.rows.length,
      clusters: new Set(study.clusters).size,
      openings: input.openings,
      plannedUnits: planned.length,
      missingUnits: planned.map(unitName).filter((name) => !finished.has(name)),
    },
    pool: table.pool.candidates.map(({ id }) => ({ candidate: id, habits: [...(input.habits?.[id] ?? [])] })),
    costUnit: table.costUnit ?? null,
    assignments: table.arms.map((arm) => assignmentName(table, arm)),
    chosenOn: outcomes.train === undefined ? "valid" : "train and valid",
    methods: methodRows(study),
    primary,
    secondary: secondaryComparisons(study, main),
    hull: studyHull(study),
    costFirst: costFirstRatio(study),
    breakdowns: LABELS.flatMap((label) => labelScores(table, label, shown) ?? []),
    diagnostics: meanDiagnostics(methods, units),
    curves: learningCurves(main, units),
    provenance: { ...input.provenance },
  };
}

/** The method that a study is about: the first of role `haps`. */
function mainMethod({ methods }: StudyConfig): string {
  return Object.entries(methods).find(([, { role }]) => role === "haps")?.[0] ?? "haps";
}

type Figures = Pick<StudyMethodRow, "id" | "score" | "low" | "high" | "cost" | "seedDeviation">;

function methodRows(study: ComparedStudy): StudyMethodRow[] {
  const figures = new Map(figuresOf(study, study.methods.filter(hasScore)).map((one) => [one.id, one]));
  return study.methods.map((method) => {
    const { id, role, description, costWeight, valid, shares, seeds } = method;
    const failed = seeds.reduce((sum, { score }) => sum + score.filter(Number.isNaN).length, 0);
    const about = { id, role, description, costWeight, valid, shares, seeds: seeds.length, failed };
    const { score, low, high, cost, seedDeviation } = figures.get(id) ?? withoutInterval(method);
    return { ...about, score, low, high, cost, seedDeviation };
  });
}

/** All methods under the same resamples; one by one, or without intervals, where too little is recorded of some. */
function figuresOf(study: ComparedStudy, methods: readonly StudyMethod[]): readonly Figures[] {
  const { clusters, resamples } = study;
  if (methods.length === 0) return [];
  try {
    return compareMethods({ methods, clusters, comparisons: [], options: { resamples } }).methods;
  } catch (error) {
    if (!(error instanceof HapsError && error.code === "data")) throw error;
    return methods.length > 1 ? methods.flatMap((method) => figuresOf(study, [method])) : methods.map(withoutInterval);
  }
}

/** What can be said where too few clusters are recorded for an interval. */
function withoutInterval({ id, seeds }: StudyMethod): Figures {
  const scores = seeds.map(({ score }) => score);
  const cost = meanOverSeeds(seeds.map((seed) => seed.cost));
  const seedDeviation = deviationOverSeeds(scores);
  return { id, score: meanOverSeeds(scores), low: null, high: null, cost, seedDeviation };
}

function checkDistinct(ids: readonly string[]): void {
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice === undefined) return;
  throw new HapsError(
    "config",
    `study: method ${JSON.stringify(twice)} occurs twice; expected ids that differ from each other, from references and from assignments; rename it`,
    { method: twice },
  );
}

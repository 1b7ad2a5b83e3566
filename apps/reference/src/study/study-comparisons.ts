import {
  compareMethods,
  type MethodComparison,
  type MethodComparisons,
  type PlannedComparison,
} from "@haps/evaluation";
import { HapsError } from "@haps/spec";
import type { StudyConfig } from "./study-config.ts";
import type { StudyMethod } from "./study-methods.ts";
import type { StudyResult } from "./study-result.ts";

/** What comparisons are made of. */
export interface ComparedStudy {
  readonly config: StudyConfig;
  readonly methods: readonly StudyMethod[];
  /** `[questions]`. */
  readonly clusters: readonly string[];
  /** Units that have not finished. */
  readonly missing: readonly { readonly method: string }[];
  readonly resamples: number;
}

/** Stands for the best of the routers on valid. */
export const BEST_ROUTER = "best-router";

/** Chance of any false claim in the family. */
export const FAMILY_LEVEL = 0.05;

/**
 * The comparisons that were named before test was opened, corrected as one family.
 *
 * A smaller family would be corrected for less: verdicts wait until every unit of every method in it has finished on test.
 */
export function primaryComparisons(study: ComparedStudy): StudyResult["primary"] {
  const { config, methods, missing } = study;
  const bestRouter = bestRouterOf(study);
  const resolve = (name: string): string => (name === BEST_ROUTER ? (bestRouter?.id ?? BEST_ROUTER) : name);
  const planned = config.primary.map(({ id, method, baseline }): PlannedComparison => {
    return { id, method: resolve(method), baseline: resolve(baseline) };
  });
  const recorded = new Set(methods.filter(hasScore).map(({ id }) => id));
  const possible = planned.filter(
    ({ method, baseline }) => recorded.has(method) && recorded.has(baseline) && method !== baseline,
  );
  const absent = planned.filter((one) => !possible.includes(one));
  const asks = config.primary.some(({ method, baseline }) => [method, baseline].includes(BEST_ROUTER));
  const involved = new Set([
    ...planned.flatMap(({ method, baseline }) => [method, baseline]),
    ...(asks ? config.routers : []),
  ]);
  const unfinished = missing.filter(({ method }) => involved.has(method)).length;
  const found = tryCompare(study, possible);
  const family = { bestRouter, planned: planned.length, absent };
  if (typeof found === "string") return { ...family, state: "too-few", reason: found, comparisons: [] };
  const reasons = [
    ...(config.heldOut === "test" ? [] : ["this is a trial on questions of valid"]),
    ...(absent.length === 0 ? [] : [`${absent.length} of ${planned.length} comparisons cannot be made yet`]),
    ...(unfinished === 0
      ? []
      : [
          `${unfinished} ${unfinished === 1 ? "unit of the methods compared has" : "units of the methods compared have"} not finished`,
        ]),
  ];
  const complete = reasons.length === 0;
  return {
    ...family,
    state: complete ? "decided" : "incomplete",
    reason: complete ? null : reasons.join("; "),
    comparisons: found.comparisons.map((one) => ({
      ...figuresOf(one),
      bonferroniLow: one.bonferroniLow,
      pHolm: one.pHolm,
      verdict: complete ? (one.bonferroniLow > 0 ? "met" : "not-met") : "open",
    })),
  };
}

/** The main method against every other one; corrected for nothing. */
export function secondaryComparisons(study: ComparedStudy, main: string): StudyResult["secondary"] {
  const { methods } = study;
  const recorded = methods.filter(hasScore).map(({ id }) => id);
  if (!recorded.includes(main)) return { reason: `${main} has no recorded score`, comparisons: [] };
  const comparisons = recorded
    .filter((id) => id !== main)
    .map((baseline) => ({ id: `${main} - ${baseline}`, method: main, baseline, oneSided: false }));
  const found = tryCompare(study, comparisons);
  if (typeof found === "string") return { reason: found, comparisons: [] };
  return {
    reason: null,
    comparisons: found.comparisons.map((one) => ({ ...figuresOf(one), pTwoSided: one.pTwoSided })),
  };
}

/** Whether anything of a method is recorded. */
export function hasScore({ seeds }: StudyMethod): boolean {
  return seeds.some(({ score }) => score.some((value) => !Number.isNaN(value)));
}

function bestRouterOf({ config, methods }: ComparedStudy): StudyResult["primary"]["bestRouter"] {
  let best: { readonly id: string; readonly valid: number } | null = null;
  for (const id of config.routers) {
    const valid = methods.find((method) => method.id === id)?.valid ?? null;
    if (valid !== null && (best === null || valid > best.valid)) best = { id, valid };
  }
  return best;
}

/** What was found, or why the data are too few. */
function tryCompare(
  { methods, clusters, resamples }: ComparedStudy,
  comparisons: readonly PlannedComparison[],
): MethodComparisons | string {
  const involved = new Set(comparisons.flatMap(({ method, baseline }) => [method, baseline]));
  try {
    return compareMethods({
      methods: methods.filter(({ id }) => involved.has(id)),
      clusters,
      comparisons,
      options: { level: 1 - FAMILY_LEVEL, resamples },
    });
  } catch (error) {
    if (!(error instanceof HapsError && error.code === "data")) throw error;
    const recorded = error.facts.clusters;
    return typeof recorded === "number"
      ? `too few chains of questions: a comparison has recorded pairs in ${recorded}, a test needs at least 10`
      : error.message;
  }
}

function figuresOf(one: MethodComparison): Omit<StudyResult["secondary"]["comparisons"][number], "pTwoSided"> {
  const { id, method, baseline, difference, low, high, standardError, overSeeds } = one;
  const { perSeed, seedDeviation, seedsInFavour, questions, clusters, missingPairs } = one;
  return {
    ...{ id, method, baseline, difference, low, high, standardError, overSeeds },
    ...{ perSeed, seedDeviation, seedsInFavour, questions, clusters, missingPairs },
  };
}

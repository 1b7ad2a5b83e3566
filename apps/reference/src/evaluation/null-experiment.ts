import { groupedFolds, permuteTexts } from "@haps/datasets";
import { averageOverSeeds, collectOutcomes, type JobRecord, pairedBootstrap } from "@haps/evaluation";
import type { OutcomeTable } from "@haps/spec";
import type { EvaluationResult } from "./evaluation-result.ts";

/** What the null experiment is computed from. */
export interface NullExperimentInput {
  readonly table: OutcomeTable;
  readonly folds: number;
  readonly seeds: readonly number[];
  /** Number of permutations; their seeds are 1, 2, ... */
  readonly permutations: number;
  readonly costWeight: number;
  /** Records of HAPS on the table with texts permuted against outcomes. */
  readonly recordsOf: (permutation: number) => readonly JobRecord[];
}

/**
 * HAPS minus the best single arm where texts say nothing about outcomes: a gain is false, a loss is the price of noise.
 *
 * A false gain is a permutation whose 95% interval lies above zero, a false loss one whose interval lies below.
 */
export function nullExperiment(input: NullExperimentInput): NonNullable<EvaluationResult["permutation"]> {
  const runs = Array.from({ length: input.permutations }, (_, index) => permutationRun(index + 1, input));
  return {
    permutations: runs.length,
    falseGains: runs.filter((run) => run.low > 0).length,
    falseLosses: runs.filter((run) => run.high < 0).length,
    meanDifference: runs.reduce((sum, run) => sum + run.difference, 0) / runs.length,
    runs,
  };
}

function permutationRun(permutation: number, input: NullExperimentInput) {
  const table = permuteTexts(input.table, permutation);
  const { methods, groups } = collectOutcomes({
    table,
    seeds: input.seeds.map((seed) => ({ seed, folds: groupedFolds(table, { folds: input.folds, seed }) })),
    records: input.recordsOf(permutation),
    costWeight: input.costWeight,
  });
  const scoresOf = (name: string): readonly Float64Array[] =>
    methods.find((method) => method.name === name)?.perSeed.map((outcomes) => outcomes.score) ?? [];
  const single = scoresOf("best-single");
  const differences = scoresOf("haps").map((scores, seed) =>
    scores.map((score, question) => score - (single[seed]?.[question] ?? Number.NaN)),
  );
  return { permutation, ...pairedBootstrap(averageOverSeeds(differences), groups) };
}

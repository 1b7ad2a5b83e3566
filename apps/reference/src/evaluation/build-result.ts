import { groupedFolds, plantedSignal } from "@haps/datasets";
import {
  armShares,
  collectOutcomes,
  costQualityCurves,
  type JobRecord,
  labelBreakdown,
  type MethodSummary,
  summarise,
  summariseArms,
} from "@haps/evaluation";
import { armLabel, type OutcomeTable } from "@haps/spec";
import { methods } from "../methods.ts";
import type { EvaluationRequest } from "./evaluation-request.ts";
import type { EvaluationResult } from "./evaluation-result.ts";
import { nullExperiment } from "./null-experiment.ts";

/** What a result is built from. */
export interface ResultInput {
  readonly request: EvaluationRequest;
  readonly table: OutcomeTable;
  readonly simulated: boolean;
  /** Records of every method, seed and fold on the outcomes as recorded. */
  readonly records: readonly JobRecord[];
  /** Records of HAPS under a permutation. */
  readonly permutedRecords: (permutation: number) => readonly JobRecord[];
  readonly provenance: EvaluationResult["provenance"];
}

/** Computes everything that an evaluation says from the choices of its fits. */
export function buildResult(input: ResultInput): EvaluationResult {
  const { request, table, records } = input;
  const { folds, costWeights, label } = request.workload;
  const costWeight = costWeights[0] ?? 0;
  const seeds = request.seeds.map((seed) => ({ seed, folds: groupedFolds(table, { folds, seed }) }));
  const outcomes = { table, seeds, records, costWeight, methods: request.methods };
  const collected = collectOutcomes(outcomes);
  const summary = summarise({ ...outcomes, experiment: request.experiment.name });
  return {
    kind: "evaluation",
    schemaVersion: 1,
    experiment: request.experiment,
    simulated: input.simulated,
    summary,
    arms: summariseArms(table, [...table.rows.keys()]).map(({ arm, score, cost }) => ({
      label: armLabel(table.arms[arm] as OutcomeTable["arms"][number]),
      score: numberOrNull(score),
      cost: numberOrNull(cost),
    })),
    shares: armShares(collected.methods),
    labels: request.methods.includes("haps") ? labelBreakdown({ table, collected, label }) : null,
    curves: costQualityCurves(outcomes),
    ablations: methods
      .filter((method) => method.role === "ablation" && request.methods.includes(method.id))
      .map(({ id, description }) => ({ name: id, description })),
    permutation:
      request.permutations === 0
        ? null
        : nullExperiment({
            table,
            folds,
            seeds: request.seeds,
            permutations: request.permutations,
            costWeight,
            recordsOf: input.permutedRecords,
          }),
    planted: plantedShare(
      request,
      summary.methods.find(({ name }) => name === "haps"),
    ),
    warnings: [
      ...new Set([...table.warnings, ...records.flatMap(({ warnings }) => warnings.map(({ message }) => message))]),
    ],
    provenance: input.provenance,
  };
}

/** Share of a planted gain that HAPS found; `null` for recorded outcomes. */
function plantedShare(
  { workload: { source } }: EvaluationRequest,
  haps: MethodSummary | undefined,
): EvaluationResult["planted"] {
  if (source.kind !== "simulated" || haps?.versusBestSingle == null) return null;
  const { kind: _, ...options } = source;
  const { gain } = plantedSignal(options);
  return gain > 0 ? { gain, share: haps.versusBestSingle.difference / gain } : null;
}

function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

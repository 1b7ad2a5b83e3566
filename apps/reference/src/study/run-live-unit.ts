import { type CurvePoint, evaluateLive, type LiveEvaluation, type LiveQuestion } from "@haps/orchestrator";
import { normaliseCost, reward } from "@haps/reward";
import { nodeFiles } from "@haps/run";
import { parseConfig } from "@haps/spec";
import { assignmentCode } from "@haps/tensor";
import { evaluatedAssignments, type LiveMethod, liveMethodSchema } from "../live/live-method.ts";
import { type TrainedLiveMethod, trainLiveMethod } from "../live/train-live-method.ts";
import { liveDiagnostics } from "./live-diagnostics.ts";
import { mergeChanges } from "./merge-changes.ts";
import type { RunUnitOptions } from "./run-unit.ts";
import type { StudyConfig } from "./study-config.ts";
import type { StudyContext } from "./study-context.ts";
import { type SplitRecord, type StudyUnit, type UnitRecord, unitName } from "./study-unit.ts";

/** Questions that are decided and played together in evaluations. */
const BATCH = 256;

/** An untrained generator, or the only trained one. */
interface Draw {
  readonly draw: number;
  readonly trained: TrainedLiveMethod;
  readonly valid: LiveEvaluation;
  /** Mean reward on valid. */
  readonly worth: number;
}

/** Trains a live method, or draws untrained ones and keeps the best on valid, and evaluates it. */
export async function runLiveUnit(
  context: StudyContext,
  unit: StudyUnit,
  options: RunUnitOptions,
): Promise<UnitRecord> {
  const { method, draws } = liveMethodOf(context.config, unit.method);
  const unitFolder = `${context.folder}/units/${unitName(unit)}`;
  let best: Draw | null = null;
  for (let draw = 0; draw < draws; draw += 1) {
    const trained = await trainUnit(context, unit, options, draw);
    const valid = await evaluate(context, trained, method, "valid", options);
    const worth = worthOf(valid, trained, method);
    if (best !== null && worth <= best.worth) trained.dispose();
    else {
      best?.trained.dispose();
      best = { draw, trained, valid, worth };
    }
  }
  if (best === null) throw new Error("internal: nothing was drawn");
  try {
    const test = await evaluate(context, best.trained, method, "test", options);
    return {
      schemaVersion: 1,
      method: unit.method,
      seed: unit.seed,
      costWeight: best.trained.costWeight,
      ...(draws === 1 ? {} : { draw: best.draw }),
      valid: splitRecord(best.valid, context),
      test: splitRecord(test, context),
      curve: draws === 1 && method.joint !== null ? await readCurve(`${unitFolder}/joint`) : [],
      diagnostics: await liveDiagnostics(context, best.trained, method, `${unitFolder}/joint`),
    };
  } finally {
    best.trained.dispose();
  }
}

/** A live method of a study with every default filled in, and how often it is drawn. */
export function liveMethodOf(config: StudyConfig, id: string): { readonly method: LiveMethod; readonly draws: number } {
  const entry = config.methods[id];
  if (entry === undefined) throw new Error(`internal: no method ${id}`);
  const changed = mergeChanges(config.base, entry.changes);
  return {
    method: parseConfig(`study ${config.id}, method ${id}`, liveMethodSchema, changed),
    draws: entry.draws ?? 1,
  };
}

/**
 * Trains the method of a unit, or loads it where that is done; the caller disposes it.
 *
 * @param draw - Where the unit draws several: which.
 */
export function trainUnit(
  context: StudyContext,
  unit: Pick<StudyUnit, "method" | "seed">,
  options: RunUnitOptions,
  draw = 0,
): Promise<TrainedLiveMethod> {
  const { method, draws } = liveMethodOf(context.config, unit.method);
  const folder = `${context.folder}/units/${unitName(unit)}`;
  if (draws === 1) return train(context, unit, method, folder, options);
  const drawn = { ...method, low: { ...method.low, draw } };
  return train(context, unit, drawn, `${folder}/draw-${draw}`, options);
}

function train(
  context: StudyContext,
  { seed }: Pick<StudyUnit, "seed">,
  method: LiveMethod,
  folder: string,
  { signal, onProgress }: RunUnitOptions,
): Promise<TrainedLiveMethod> {
  const { setting, outcomes, manifest } = context;
  const { benchmark, pool } = setting;
  return trainLiveMethod({
    setting,
    method,
    outcomes,
    seed,
    folder,
    identity: {
      benchmark: { id: benchmark.id, train: benchmark.hashes.train, valid: benchmark.hashes.valid },
      environment: setting.environment.hash,
      models: pool.hashes,
    },
    manifest,
    signal,
    onEvent(phase, event) {
      if (event.kind !== "step") return;
      const { steps } = (phase === "joint" ? method.joint : method.warmUp)?.training ?? { steps: 1 };
      onProgress?.({ phase, step: event.step.step + 1, steps });
    },
  });
}

async function evaluate(
  { setting }: StudyContext,
  { policy, costWeight }: TrainedLiveMethod,
  method: LiveMethod,
  split: "test" | "valid",
  { signal, onProgress }: RunUnitOptions,
): Promise<LiveEvaluation> {
  const questions: readonly LiveQuestion[] = setting.benchmark.splits[split].map(setting.toLive);
  if (split === "test") onProgress?.({ phase: "test", step: 0, steps: questions.length });
  return evaluateLive({
    policy,
    environment: setting.environment,
    questions,
    decoding: setting.decoding,
    costWeight,
    batch: BATCH,
    withLora: method.low.kind === "lora",
    assignments: evaluatedAssignments(method),
    label: split,
    signal,
  });
}

function worthOf({ meanScore, meanCost }: LiveEvaluation, trained: TrainedLiveMethod, { joint }: LiveMethod): number {
  const normalisedCost = normaliseCost(trained.costScale, meanCost?.amount ?? Number.NaN);
  const qualityWeight = joint?.objective.qualityWeight ?? 1;
  const { costWeight } = trained;
  const worth = reward(
    { quality: meanScore ?? Number.NaN, normalisedCost },
    { qualityWeight, shaping: "identity", costWeight },
  );
  return Number.isNaN(worth) ? Number.NEGATIVE_INFINITY : worth;
}

function splitRecord({ results }: LiveEvaluation, { setting }: StudyContext): SplitRecord {
  const candidates = setting.pool.candidates.length;
  return {
    score: results.map(({ outcome }) => ("score" in outcome ? outcome.score : null)),
    cost: results.map(({ outcome }) => ("score" in outcome ? (outcome.cost?.amount ?? null) : null)),
    assignment: results.map(({ assignment }) => assignmentCode(assignment, candidates)),
  };
}

async function readCurve(folder: string): Promise<UnitRecord["curve"]> {
  const bytes = await nodeFiles.read(`${folder}/result.json`);
  const { curve } = JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array())) as {
    readonly curve: readonly CurvePoint[];
  };
  return curve.map(({ step, score, figures }) => ({ step, score, cost: figures?.cost ?? null }));
}

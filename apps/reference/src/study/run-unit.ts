import type { JointStep, TrainingEvent, WarmUpStep } from "@haps/orchestrator";
import { runLiveUnit } from "./run-live-unit.ts";
import { runRouterUnit } from "./run-router-unit.ts";
import type { StudyContext } from "./study-context.ts";
import type { StudyUnit, UnitRecord } from "./study-unit.ts";

/** What a unit tells while it runs. */
export interface UnitProgress {
  readonly phase: "joint" | "test" | "warm-up";
  readonly step: number;
  readonly steps: number;
}

/** Options of {@link runUnit}. */
export interface RunUnitOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: UnitProgress) => void;
}

/** Events of training as units see them. */
export type UnitEvent = TrainingEvent<JointStep | WarmUpStep>;

/** Trains one method with one seed and evaluates it on valid and, once, on test. */
export function runUnit(context: StudyContext, unit: StudyUnit, options: RunUnitOptions): Promise<UnitRecord> {
  return unit.kind === "router" ? runRouterUnit(context, unit, options) : runLiveUnit(context, unit, options);
}

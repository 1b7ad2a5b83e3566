import { runJob } from "@haps/evaluation";
import type { BaseOutcomes } from "../live/base-outcomes.ts";
import { createMethod } from "../methods.ts";
import { joinTables } from "./join-tables.ts";
import type { RunUnitOptions } from "./run-unit.ts";
import type { StudyContext } from "./study-context.ts";
import type { SplitRecord, StudyUnit, UnitRecord } from "./study-unit.ts";

/** Fits a router on outcomes of the base models and looks up what comes of its choices. */
export async function runRouterUnit(
  { outcomes }: StudyContext,
  { method, seed }: StudyUnit,
  { signal }: RunUnitOptions,
): Promise<UnitRecord> {
  const parts = [outcomes.train, outcomes.valid, outcomes.test];
  const table = joinTables(parts.map((part) => part.table));
  const [train, valid, test] = partRows(parts) as [number[], number[], number[]];
  const record = await runJob({
    table,
    fold: { train, test: [...valid, ...test] },
    foldNumber: 0,
    seed,
    factory: createMethod(method),
    signal,
  });
  const choice = new Map(record.questions.map((id, index) => [id, record.choices[0]?.[index]]));
  const split = (part: BaseOutcomes): SplitRecord => {
    const chosen = part.table.rows.map(({ question: { id } }) => {
      const arm = choice.get(id);
      if (arm === undefined) throw new Error(`internal: ${method} chose nothing for question ${id}`);
      return arm;
    });
    const cell = (values: Float64Array, arm: number): number | null => finiteOrNull(values[arm]);
    return {
      score: chosen.map((arm, row) => cell(part.quality(row), arm)),
      cost: chosen.map((arm, row) => cell(part.cost(row), arm)),
      assignment: chosen,
    };
  };
  return {
    schemaVersion: 1,
    method,
    seed,
    costWeight: 0,
    valid: split(outcomes.valid),
    test: split(outcomes.test),
    curve: [],
    diagnostics: {},
  };
}

/** Rows of each part in the joined table. */
function partRows(parts: readonly BaseOutcomes[]): readonly number[][] {
  let next = 0;
  return parts.map(({ table }) => table.rows.map(() => next++));
}

function finiteOrNull(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}

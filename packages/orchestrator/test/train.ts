import {
  createHapsRouter,
  type HapsConfig,
  type HapsModel,
  type HapsParts,
  type HapsRouterOptions,
  startHapsTraining,
} from "@haps/orchestrator";
import {
  type Decision,
  decisionArm,
  type FitContext,
  type OutcomeTable,
  type Router,
  type RouterFactory,
} from "@haps/spec";
import { testParts } from "./parts.ts";

/** Few, large updates: enough for tables with a plain rule. */
export const quick: HapsConfig = { trainer: { members: 2, steps: 5, learningRate: 0.1, penalty: 0.02 } };

/** What a fit reads of a table. */
export function contextOf(table: OutcomeTable, overrides: Partial<FitContext> = {}): FitContext {
  return { task: table.task, pool: table.pool, training: table, seed: 1, ...overrides };
}

/** Trains to the end; the caller owns the model. */
export function train(context: FitContext, config: HapsConfig = quick, parts: HapsParts = testParts()): HapsModel {
  const training = startHapsTraining(context, parts, { config });
  try {
    while (!training.done) training.step();
    return training.finish();
  } finally {
    training.dispose();
  }
}

/** HAPS as a factory, as an application makes one. */
export function hapsFactory(config: HapsConfig = quick, options: HapsRouterOptions = {}): RouterFactory {
  return {
    id: options.id ?? "haps",
    createRouter: async (context) => {
      context.signal?.throwIfAborted();
      return createHapsRouter(train(context, config), options);
    },
  };
}

/** Decisions about all rows of a table, at one cost weight. */
export function decide(router: Router, table: OutcomeTable, costWeight = 0): Promise<readonly Decision[]> {
  return router.route(table.rows.map(({ question }) => ({ question, task: table.task, pool: table.pool, costWeight })));
}

/** Columns of the chosen arms. */
export function chosenArms(decisions: readonly Decision[], table: OutcomeTable): readonly number[] {
  const columns = new Map(table.arms.map((arm, column) => [JSON.stringify(arm), column]));
  return decisions.map((decision) => columns.get(JSON.stringify(decisionArm(decision))) as number);
}

/** Mean of a column of cells over rows. */
export function meanOf(cells: ArrayLike<number>, columns: readonly number[], width: number): number {
  return columns.reduce((sum, column, row) => sum + (cells[row * width + column] as number), 0) / columns.length;
}

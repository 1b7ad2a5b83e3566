import { HapsError, parseConfig, type RouterFactory } from "@haps/spec";
import { z } from "zod";
import { baseConfigShape } from "./base-config.ts";
import { columnMeans } from "./column-means.ts";
import { createEstimateRouter } from "./estimate-router.ts";
import { type TrainingCells, trainingCells } from "./training-cells.ts";

/** Schema of {@link TaskTableRouterConfig}. */
export const taskTableRouterConfigSchema = z.strictObject({
  ...baseConfigShape("task-table"),
  /** Rows' worth of the arm's overall mean that is mixed into the mean of every label. Default 0: the plain table. */
  shrinkage: z.number().nonnegative().default(0),
});

/** What a caller of {@link createTaskTableRouterFactory} writes. */
export interface TaskTableRouterConfig extends z.input<typeof taskTableRouterConfigSchema> {}

/**
 * Looks up the best arm for the question's privileged task label: what knowing the task would give. A control, not a
 * competitor, since labels are no part of a request.
 *
 * `mean_a(label) = (sum over rows of the label + shrinkage * mean_a) / (rows + shrinkage)` for quality and cost; a label
 * that training did not have, or none, falls back to the overall means, so to the best single arm.
 *
 * @throws ConfigError code `config`; its `createRouter` rejects with HapsError code `config` without `labelOf`, and code
 *   `data` as the best single arm does.
 *
 * @example
 * ```ts
 * const factory = createTaskTableRouterFactory();
 * console.assert(factory.privileged === true);
 * ```
 */
export function createTaskTableRouterFactory(config: TaskTableRouterConfig = {}): RouterFactory {
  const { id, temperature, shrinkage } = parseConfig(
    "createTaskTableRouterFactory",
    taskTableRouterConfigSchema,
    config,
  );
  return {
    id,
    privileged: true,
    async createRouter(context) {
      context.signal?.throwIfAborted();
      const { labelOf, training } = context;
      if (labelOf === undefined) {
        throw new HapsError(
          "config",
          "createTaskTableRouterFactory: the context has no labelOf; expected labels of the questions; pass them or leave this control out",
        );
      }
      const cells = trainingCells(training);
      const labels = training.rows.map(({ question }) => labelOf(question.id));
      const quality = labelMeans(cells.quality, cells, labels, shrinkage);
      const cost = cells.cost === null ? null : labelMeans(cells.cost, cells, labels, shrinkage);
      return createEstimateRouter({
        id,
        context,
        cells,
        temperature,
        estimate: (questions) => {
          const asked = questions.map((question) => labelOf(question.id));
          return { quality: quality(asked), cost: cost === null ? null : cost(asked) };
        },
        reason: () => "Best mean reward among training questions of the same task.",
      });
    },
  };
}

/** Reads the means of labels off the training cells: labels to `[labels, arms]`. */
function labelMeans(
  values: Float64Array,
  { arms }: TrainingCells,
  labels: readonly (string | undefined)[],
  shrinkage: number,
): (asked: readonly (string | undefined)[]) => Float64Array {
  const overall = columnMeans(values, arms).means;
  const rowsOf = new Map<string, number[]>();
  labels.forEach((label, row) => {
    if (label === undefined) return;
    const rows = rowsOf.get(label);
    if (rows === undefined) rowsOf.set(label, [row]);
    else rows.push(row);
  });
  const table = new Map(
    [...rowsOf].map(([label, rows]) => {
      const { means, counts } = columnMeans(values, arms, rows);
      const mixed = overall.map((mean, arm) => {
        const count = counts[arm] as number;
        if (count === 0) return mean;
        return (count * (means[arm] as number) + shrinkage * mean) / (count + shrinkage);
      });
      return [label, mixed];
    }),
  );
  return (asked) => {
    const estimates = new Float64Array(asked.length * arms);
    asked.forEach((label, row) => {
      estimates.set((label === undefined ? undefined : table.get(label)) ?? overall, row * arms);
    });
    return estimates;
  };
}

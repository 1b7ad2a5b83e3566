import { type CostScale, fitCostScale, type ResolvedObjectiveConfig } from "@haps/reward";
import { ConfigError, type FitContext, HapsError, type OutcomeTable } from "@haps/spec";
import { type HapsConfig, type ResolvedHapsConfig, resolveHapsConfig } from "./config.ts";

/** What a context and a configuration come to. */
export interface TrainingInput {
  readonly config: ResolvedHapsConfig;
  /** Distinct and ascending, at least one. */
  readonly costWeights: readonly number[];
  /** `null` for a table without costs. */
  readonly costScale: CostScale | null;
}

/**
 * Checks what HAPS is to be trained on and fills in what depends on it.
 *
 * @throws ConfigError for a wrong configuration or cost weight; HapsError code `data` for a table with fewer than two
 * distinct texts, or with costs that no scale fits.
 */
export function resolveTrainingInput(context: FitContext, config: HapsConfig = {}): TrainingInput {
  const { training: table } = context;
  const resolved = resolveFor(table, config);
  const costWeights = resolveCostWeights(context.costWeights);
  const texts = new Set(table.rows.map((row) => row.group)).size;
  if (texts < 2) {
    throw new HapsError(
      "data",
      `startHapsTraining: table ${table.id} has ${texts} distinct texts; expected at least 2, so that one can be held out; add questions`,
      { table: table.id, texts },
    );
  }
  warnOfGaps(context);
  return { config: resolved, costWeights, costScale: fitTableCosts(table, resolved.objective) };
}

/** Gaps do not stop a training, but nobody may be left in ignorance of them. */
function warnOfGaps({ training: { rows, arms, score, cost }, onEvent }: FitContext): void {
  const width = arms.length;
  const empty = rows.filter((_, row) => score.subarray(row * width, (row + 1) * width).every(Number.isNaN)).length;
  if (empty > 0) {
    const message = `${empty} of ${rows.length} questions have no recorded outcome and teach nothing`;
    onEvent?.({ type: "warning", code: "no-outcome", message });
  }
  const unpriced = score.filter((value, cell) => !Number.isNaN(value) && Number.isNaN(cost?.[cell] ?? 0)).length;
  if (unpriced > 0) {
    const message = `${unpriced} recorded outcomes have no cost; the mean cost of their arm stands in`;
    onEvent?.({ type: "warning", code: "no-cost", message });
  }
}

/** On a log of chosen arms the default objective is `reinforce`, since `expected` would be biased. */
function resolveFor(table: OutcomeTable, config: HapsConfig): ResolvedHapsConfig {
  if (table.propensity === undefined || config.objective?.assignmentGradient !== undefined) {
    return resolveHapsConfig(config);
  }
  return resolveHapsConfig({ ...config, objective: { ...config.objective, assignmentGradient: "reinforce" } });
}

function resolveCostWeights(costWeights: readonly number[] = [0]): readonly number[] {
  const wrong = costWeights.find((weight) => !(Number.isFinite(weight) && weight >= 0));
  if (wrong !== undefined || costWeights.length === 0) {
    const problem = wrong === undefined ? "there are none" : `got ${wrong}`;
    const message = `${problem}; expected at least one finite number >= 0; pass [0] for quality only`;
    throw new ConfigError("startHapsTraining", [{ path: "costWeights", message }]);
  }
  return [...new Set(costWeights)].sort((a, b) => a - b);
}

function fitTableCosts({ cost, score, arms }: OutcomeTable, objective: ResolvedObjectiveConfig): CostScale | null {
  return cost === undefined ? null : fitCostScale({ cost, score, arms: arms.length }, objective.costScale);
}

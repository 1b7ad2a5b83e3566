import type { OutcomeTable } from "@haps/spec";
import type { SeedFolds } from "./cross-validate.ts";
import type { Fold } from "./fold.ts";
import { emptyOutcomes, type Outcomes } from "./outcomes.ts";
import { type ArmMixture, type HullVertex, mixtureAt, singleArmHull } from "./single-arm-hull.ts";

/**
 * What the hulls fitted on the training part of each fold give on the test parts, at every budget where one of them
 * has a corner; between these budgets everything is a straight line.
 *
 * @param order - Row numbers in the order of the result.
 * @returns `[budgets][seeds]`, ascending in budget; the last one is the best single arm. `null` when the cost of the
 *   best single arm of a training part is unknown or 0.
 */
export function hullKnots(
  table: OutcomeTable,
  seeds: readonly SeedFolds[],
  order: readonly number[],
): (readonly Outcomes[])[] | null {
  const fitted = seeds.map(({ folds }) => folds.map(({ train }) => singleArmHull(table, train)));
  const hulls = fitted.map((row) => row.filter((hull) => hull !== null));
  if (hulls.some((row, seed) => row.length < (fitted[seed]?.length ?? 0))) return null;
  const budgets = [...new Set(hulls.flat(2).map(({ costRatio }) => costRatio))].sort((a, b) => a - b);
  return budgets.map((budget) =>
    seeds.map(({ folds }, seed) => mixedOutcomes(table, folds, hulls[seed] as HullVertex[][], budget, order)),
  );
}

function mixedOutcomes(
  table: OutcomeTable,
  folds: readonly Fold[],
  hulls: readonly (readonly HullVertex[])[],
  budget: number,
  order: readonly number[],
): Outcomes {
  const width = table.arms.length;
  const mixtureOf = new Array<ArmMixture>(table.rows.length);
  folds.forEach(({ test }, fold) => {
    const mixture = mixtureAt(hulls[fold] as HullVertex[], budget);
    for (const row of test) mixtureOf[row] = mixture;
  });
  const outcomes = emptyOutcomes(order.length, width);
  order.forEach((row, question) => {
    let score = 0;
    let cost = 0;
    for (const { arm, weight } of mixtureOf[row] as ArmMixture) {
      score += weight * (table.score[row * width + arm] as number);
      cost += weight * (table.cost?.[row * width + arm] ?? Number.NaN);
      outcomes.frequencies[arm] = (outcomes.frequencies[arm] as number) + weight;
    }
    outcomes.score[question] = score;
    outcomes.cost[question] = cost;
  });
  return outcomes;
}

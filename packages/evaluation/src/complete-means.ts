import type { Outcomes } from "./outcomes.ts";

/** Mean outcomes of one point of a curve, for every question. */
export interface PointMeans {
  /** `[questions]`; `NaN` where the point or another one that it is compared with is not recorded. */
  readonly cost: Float64Array;
  /** `[questions]`; `NaN` in the same places. */
  readonly score: Float64Array;
}

/**
 * Averages the outcomes of several points over the seeds in which *all* of them are recorded for the question.
 *
 * So every point is a mean over the same questions and seeds, and differences between points are paired.
 *
 * @param points - `[points][seeds]`.
 */
export function completeMeans(points: readonly (readonly Outcomes[])[]): PointMeans[] {
  const seeds = points[0]?.length ?? 0;
  const questions = points[0]?.[0]?.score.length ?? 0;
  const complete = Array.from({ length: seeds }, (_, seed) => {
    const used = new Uint8Array(questions).fill(1);
    for (const perSeed of points) {
      const { score, cost } = perSeed[seed] as Outcomes;
      for (let question = 0; question < questions; question += 1) {
        if (Number.isNaN(score[question]) || Number.isNaN(cost[question])) used[question] = 0;
      }
    }
    return used;
  });
  const mean = (perSeed: readonly Outcomes[], pick: (outcomes: Outcomes) => Float64Array): Float64Array =>
    Float64Array.from({ length: questions }, (_, question) => {
      let sum = 0;
      let recorded = 0;
      for (let seed = 0; seed < seeds; seed += 1) {
        if (complete[seed]?.[question] !== 1) continue;
        sum += pick(perSeed[seed] as Outcomes)[question] as number;
        recorded += 1;
      }
      return recorded === 0 ? Number.NaN : sum / recorded;
    });
  return points.map((perSeed) => ({
    cost: mean(perSeed, ({ cost }) => cost),
    score: mean(perSeed, ({ score }) => score),
  }));
}

import { averageOverSeeds, costQualityRatio, hullAdvantage, type PricedOutcomes } from "@haps/evaluation";
import { HapsError } from "@haps/spec";
import type { ComparedStudy } from "./study-comparisons.ts";
import type { StudyMethod } from "./study-methods.ts";
import type { StudyResult } from "./study-result.ts";

/** Ids of the two regimes whose ratio is a target. */
const QUALITY_FIRST = "haps";
const COST_FIRST = "haps-cost-first";

/** Where HAPS and its cost regimes stand against the static assignments and mixtures of them. */
export function studyHull({ methods, clusters, resamples }: ComparedStudy): StudyResult["hull"] {
  const statics = methods.filter(({ role }) => role === "static").map((one) => ({ id: one.id, ...priced(one) }));
  const routed = methods.filter(({ role }) => role === "haps" || role === "regime");
  const found = routed.map((method) => {
    const { id } = method;
    const advantage = orReason(() =>
      hullAdvantage({ point: priced(method), statics, clusters, options: { resamples } }),
    );
    return { method: id, advantage };
  });
  const absent = found.flatMap(({ method, advantage }) =>
    typeof advantage === "string" ? [{ method, reason: advantage }] : [],
  );
  const held = found.flatMap(({ method, advantage }) =>
    typeof advantage === "string" ? [] : [{ method, ...advantage }],
  );
  return {
    corners: (held[0]?.hull ?? []).map(({ id, cost, score }) => ({ id, cost, score })),
    advantages: held.map(({ method, advantage, low, high, point, hullScore, questions }) => ({
      ...{ method, advantage, low, high, hullScore, questions },
      cost: point.cost,
      score: point.score,
    })),
    absent,
  };
}

/** Quality and cost of the cost-first regime as shares of those of the quality-first one; `null` where one is missing. */
export function costFirstRatio({ methods, clusters, resamples }: ComparedStudy): StudyResult["costFirst"] {
  const method = methods.find(({ id }) => id === COST_FIRST);
  const reference = methods.find(({ id }) => id === QUALITY_FIRST);
  if (method === undefined || reference === undefined) return null;
  const found = orReason(() =>
    costQualityRatio({ method: priced(method), reference: priced(reference), clusters, options: { resamples } }),
  );
  if (typeof found === "string") return null;
  const { quality, cost, met, metWithIntervals, questions } = found;
  return { method: COST_FIRST, reference: QUALITY_FIRST, quality, cost, met, metWithIntervals, questions };
}

/** Averages over the seeds in which both score and cost are recorded, so that both are of the same runs. */
function priced({ seeds }: StudyMethod): PricedOutcomes {
  if (seeds.length === 0) throw new HapsError("data", "no seed has finished");
  const both = seeds.map(({ score, cost }) => score.map((value, place) => value + (cost[place] as number)));
  const masked = (pick: (seed: StudyMethod["seeds"][number]) => Float64Array): Float64Array =>
    averageOverSeeds(
      seeds.map((seed, index) =>
        pick(seed).map((value, place) => (Number.isNaN(both[index]?.[place]) ? Number.NaN : value)),
      ),
    );
  return { score: masked(({ score }) => score), cost: masked(({ cost }) => cost) };
}

/** What was computed, or why the data do not allow it. */
function orReason<Value extends object>(compute: () => Value): Value | string {
  try {
    return compute();
  } catch (error) {
    if (error instanceof HapsError && error.code === "data") return error.message;
    throw error;
  }
}

/** A score as a function of cost: straight lines between corners. */
export interface Polyline {
  /** `[corners]`, ascending, distinct. */
  readonly cost: Float64Array;
  /** `[corners]`. */
  readonly score: Float64Array;
}

/**
 * Joins points in the order of their costs; points of one cost become their mean.
 *
 * Points are joined by cost alone and never dropped for a low score, which would be choosing with hindsight.
 *
 * @param points - `[2 points]`: cost and score of each in turn.
 * @param unit - Divides every cost.
 */
export function polylineThrough(points: Float64Array, unit = 1): Polyline {
  const cost = new Float64Array(points.length / 2);
  const score = new Float64Array(points.length / 2);
  // By insertion: this runs in every resample, on points that are almost in order.
  for (let place = 0; place < cost.length; place += 1) {
    const at = (points[2 * place] as number) / unit;
    let free = place;
    for (; free > 0 && (cost[free - 1] as number) > at; free -= 1) {
      cost[free] = cost[free - 1] as number;
      score[free] = score[free - 1] as number;
    }
    cost[free] = at;
    score[free] = points[2 * place + 1] as number;
  }
  return mergeTies(cost, score);
}

function mergeTies(cost: Float64Array, score: Float64Array): Polyline {
  let corners = 0;
  let tied = 0;
  for (let place = 0; place < cost.length; place += 1) {
    const value = score[place] as number;
    if (place > 0 && cost[place] === cost[corners - 1]) {
      tied += 1;
      score[corners - 1] = (score[corners - 1] as number) + (value - (score[corners - 1] as number)) / tied;
      continue;
    }
    tied = 1;
    cost[corners] = cost[place] as number;
    score[corners] = value;
    corners += 1;
  }
  return { cost: cost.subarray(0, corners), score: score.subarray(0, corners) };
}

/** The score at a cost; outside the corners that of the nearest one. */
export function scoreAt(line: Polyline, at: number): number {
  const { cost, score } = line;
  const after = cornerAfter(line, at);
  if (after === 0) return score[0] as number;
  const before = score[after - 1] as number;
  if (after === cost.length) return before;
  const start = cost[after - 1] as number;
  return before + ((at - start) / ((cost[after] as number) - start)) * ((score[after] as number) - before);
}

/** Number of the first corner that is dearer than `at`; the number of corners when there is none. */
export function cornerAfter({ cost }: Polyline, at: number): number {
  let low = 0;
  let high = cost.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cost[middle] as number) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

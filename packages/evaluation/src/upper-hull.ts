/** Where something lies: mean cost and mean score of one question. */
export interface CostScore {
  readonly cost: number;
  readonly score: number;
}

/**
 * Corners of the upper concave hull, from the cheapest point to the best one.
 *
 * Each corner is dearer and better than the one before, with falling slope. Of equal points the first one counts.
 *
 * @param points - In any order; not changed.
 * @returns Ascending in cost.
 */
export function upperHull<Point extends CostScore>(points: readonly Point[]): Point[] {
  const hull: Point[] = [];
  for (const point of [...points].sort((a, b) => a.cost - b.cost || b.score - a.score)) {
    if (point.score <= (hull.at(-1)?.score ?? Number.NEGATIVE_INFINITY)) continue;
    while (hull.length > 1 && !isAbove(hull.at(-2) as Point, hull.at(-1) as Point, point)) hull.pop();
    hull.push(point);
  }
  return hull;
}

/** Whether the middle point gives more than a mixture of the outer two of its cost. */
function isAbove(left: CostScore, middle: CostScore, right: CostScore): boolean {
  const rise = (middle.score - left.score) * (right.cost - left.cost);
  return rise > (right.score - left.score) * (middle.cost - left.cost);
}

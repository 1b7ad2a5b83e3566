import { cornerAfter, type Polyline, scoreAt } from "./polyline.ts";

/** A range of costs. */
export interface CostRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Mean height of a method's curve above the hull of the single arms over a range of costs.
 *
 * `1 / (to - from) * integral from..to of height(c) dc`, exact for straight lines, where
 * - between the method's cheapest and dearest point `height = curve - hull`;
 * - above its dearest point the curve stays level: a budget need not be used up;
 * - below its cheapest point it is mixed with the hull's cheapest arm, and a height above 0 there counts as 0: nothing
 *   is earned where the method was not asked;
 * - below the hull's cheapest arm `height = 0`: no single arm is that cheap, so there is nothing to compare with.
 *
 * @returns In units of the score; 0 when the hull begins beyond the range.
 */
export function meanHeight(method: Polyline, hull: Polyline, { from, to }: CostRange): number {
  const hullStart = hull.cost[0] as number;
  const start = Math.max(from, hullStart);
  if (!(start < to)) return 0;
  const asked = method.cost[0] as number;
  const reached = Math.min(to, Math.max(start, asked));
  const chord: Polyline = {
    cost: Float64Array.of(hullStart, asked),
    score: Float64Array.of(hull.score[0] as number, method.score[0] as number),
  };
  const area =
    integrate(chord, hull, start, reached, negativeTrapezoid) + integrate(method, hull, reached, to, trapezoid);
  return area / (to - from);
}

/** Whether the hull has a part inside the range, so that heights above it mean something. */
export function hullReaches(hull: Polyline, { to }: CostRange): boolean {
  return (hull.cost[0] ?? Number.POSITIVE_INFINITY) < to;
}

/** Sums `rule` over the pieces on which both lines are straight. */
function integrate(
  upper: Polyline,
  lower: Polyline,
  from: number,
  to: number,
  rule: (width: number, left: number, right: number) => number,
): number {
  let area = 0;
  let at = from;
  let left = scoreAt(upper, at) - scoreAt(lower, at);
  while (at < to) {
    const next = Math.min(nextCorner(upper, at), nextCorner(lower, at), to);
    const right = scoreAt(upper, next) - scoreAt(lower, next);
    area += rule(next - at, left, right);
    at = next;
    left = right;
  }
  return area;
}

function nextCorner(line: Polyline, at: number): number {
  return line.cost[cornerAfter(line, at)] ?? Number.POSITIVE_INFINITY;
}

function trapezoid(width: number, left: number, right: number): number {
  return (width * (left + right)) / 2;
}

/** Area of the part of a straight line that lies below 0. */
function negativeTrapezoid(width: number, left: number, right: number): number {
  if (left <= 0 && right <= 0) return trapezoid(width, left, right);
  if (left >= 0 && right >= 0) return 0;
  const low = Math.min(left, right);
  return (width * low * low) / (2 * (low - Math.max(left, right)));
}

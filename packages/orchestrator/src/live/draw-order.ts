import { HapsError } from "@haps/spec";
import type { Rng } from "@haps/tensor";

/**
 * The next places of an endless order: every epoch is a shuffle of its own, named by its number, so that a position is all the state.
 *
 * @param position - Places drawn so far.
 * @returns `size` places in `[0, count)`.
 */
export function drawOrder(rng: Rng, count: number, position: number, size: number): readonly number[] {
  if (count < 1) throw new HapsError("data", "drawOrder: there is nothing to draw from; expected at least one item");
  const places = Array.from({ length: count }, (_, place) => place);
  const order: number[] = [];
  let epoch = -1;
  let shuffled: readonly number[] = places;
  for (let next = position; next < position + size; next += 1) {
    const own = Math.floor(next / count);
    if (own !== epoch) shuffled = rng.fork(`epoch ${own}`).shuffle(places);
    epoch = own;
    order.push(shuffled[next % count] as number);
  }
  return order;
}

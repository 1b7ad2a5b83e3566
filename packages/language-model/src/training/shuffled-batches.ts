import { ConfigError } from "@haps/spec";
import type { Rng } from "@haps/tensor";

/**
 * Batches of equal size that go through all items in a new order each time round.
 *
 * Which items a step gets depends on the stream's key and the step only, not on what was asked before: a resumed training sees what
 * an unbroken one sees. A batch may reach from one round into the next.
 *
 * @param items - At least one; kept, not copied.
 * @param options - `rng` is forked per round.
 * @returns The batch of a step, which counts from 0.
 * @throws ConfigError for no items or a batch size that is no positive whole number.
 *
 * @example
 * ```ts
 * const batches = shuffledBatches(["a", "b", "c"], { batchSize: 3, rng: createRng(1) });
 * console.assert([...batches(0)].sort().join() === "a,b,c" && batches(5).join() === batches(5).join());
 * ```
 */
export function shuffledBatches<Item>(
  items: readonly Item[],
  options: { readonly batchSize: number; readonly rng: Rng },
): (step: number) => readonly Item[] {
  const { batchSize, rng } = options;
  const issues = [
    ...(items.length > 0 ? [] : [{ path: "items", message: "there are none; expected at least one" }]),
    ...(Number.isSafeInteger(batchSize) && batchSize > 0
      ? []
      : [{ path: "batchSize", message: `got ${batchSize}; expected a positive whole number` }]),
  ];
  if (issues.length > 0) throw new ConfigError("shuffledBatches", issues);
  let kept: { readonly round: number; readonly items: readonly Item[] } = { round: -1, items };
  const orderOf = (round: number): readonly Item[] => {
    if (kept.round !== round) kept = { round, items: rng.fork(`round ${round}`).shuffle(items) };
    return kept.items;
  };
  return (step) =>
    Array.from({ length: batchSize }, (_, place) => {
      const index = step * batchSize + place;
      return orderOf(Math.floor(index / items.length))[index % items.length] as Item;
    });
}

import { createRandomStream } from "./random-stream.ts";
import type { SplitName } from "./split-name.ts";

/** Chances that a set of entities is for train or valid; the rest is for test. */
const SHARES = { train: 0.42, valid: 0.1 } as const;

/** The split of a pair or set of entities, from its name alone: the sets are too many to be listed and divided. */
export function drawnSplit(seed: number, chain: string): SplitName {
  const place = createRandomStream(seed, `pairs/${chain}`).uniform();
  if (place < SHARES.train) return "train";
  return place < SHARES.train + SHARES.valid ? "valid" : "test";
}

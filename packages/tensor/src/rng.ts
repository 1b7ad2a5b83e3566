import { HapsError, quoteValue } from "@haps/spec";
import { threefry, type WordPair } from "./threefry.ts";

const TWO_32 = 2 ** 32;
const TWO_53 = 2 ** 53;
/** High counter word of a fork; draws count up from 0 and stay below 2^21 there, so the two never meet. */
const FORK = 0xffffffff;

/** All of a generator: its key and how many blocks it has drawn. Plain JSON. */
export interface RngState {
  /** Two unsigned 32-bit words. */
  readonly key: WordPair;
  /** Blocks drawn so far, an integer in `[0, 2^53)`. */
  readonly counter: number;
}

/** Seeded stream of random numbers; equal seed and equal calls give equal bits on every machine and backend. */
export interface Rng {
  /** A stream of its own, named; depends on this stream's key and `name` only, never on what was drawn before. */
  fork(name: string): Rng;
  /** In `[0, 1)`, 53 random bits. */
  uniform(): number;
  /** Standard normal (Box and Muller 1958); |value| < 6.8. */
  normal(): number;
  /** An integer in `[0, limit)` without bias; `limit` in `[1, 2^53]`, else code `config`. */
  integer(limit: number): number;
  /** A shuffled copy; the argument stays as it is (Fisher and Yates). */
  shuffle<Item>(items: readonly Item[]): Item[];
  /** An index drawn in proportion to `weights`, each finite and >= 0 with a positive sum, else code `non-finite` or `config`. */
  choice(weights: ArrayLike<number>): number;
  /** `count` standard normals times `scale`, as float32. */
  normals(count: number, scale?: number): Float32Array;
  /** Where the stream stands; give it to {@link Rng.restore} to continue from here. */
  state(): RngState;
  /** Continues from `state`; code `config` when it is not one. */
  restore(state: RngState): void;
}

/**
 * Makes a random number generator from a seed.
 *
 * Counter-based: block `n` is `threefry(key, n)`. Streams are forked by name, so a new consumer shifts nobody else's numbers.
 *
 * @param seed - A safe integer; all of its 53 bits count.
 * @throws HapsError code `config` when `seed` is no safe integer.
 *
 * Source: Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3 (2011).
 *
 * @example
 * ```ts
 * const rng = createRng(7);
 * const first = rng.fork("init").normal();
 * rng.uniform();
 * console.assert(rng.fork("init").normal() === first);
 * ```
 */
export function createRng(seed: number): Rng {
  if (!Number.isSafeInteger(seed)) {
    throw new HapsError(
      "config",
      `createRng: the seed is no safe integer; got ${quoteValue(seed)}; give an integer of at most 53 bits`,
      { seed },
    );
  }
  const low = ((seed % TWO_32) + TWO_32) % TWO_32;
  const high = (Math.floor(seed / TWO_32) + TWO_32) % TWO_32;
  return new CounterRng({ key: threefry([low, high], [0, 0]), counter: 0 });
}

class CounterRng implements Rng {
  #key: WordPair;
  #counter: number;

  constructor(state: RngState) {
    this.#key = state.key;
    this.#counter = state.counter;
  }

  fork(name: string): Rng {
    const bytes = new TextEncoder().encode(name);
    let key = threefry(this.#key, [bytes.length, FORK]);
    for (let start = 0; start < bytes.length; start += 8) {
      key = threefry(key, [littleEndian(bytes, start), littleEndian(bytes, start + 4)]);
    }
    return new CounterRng({ key, counter: 0 });
  }

  uniform(): number {
    return this.#draw53() / TWO_53;
  }

  normal(): number {
    const [first, second] = this.#block();
    return Math.sqrt(-2 * Math.log((first + 0.5) / TWO_32)) * Math.cos((2 * Math.PI * second) / TWO_32);
  }

  integer(limit: number): number {
    if (!Number.isInteger(limit) || limit < 1 || limit > TWO_53) {
      throw new HapsError(
        "config",
        `Rng.integer: the limit must be an integer in [1, 2^53]; got ${quoteValue(limit)}; give the number of choices`,
        { limit },
      );
    }
    const end = TWO_53 - (TWO_53 % limit);
    let value = this.#draw53();
    while (value >= end) value = this.#draw53();
    return value % limit;
  }

  shuffle<Item>(items: readonly Item[]): Item[] {
    const result = [...items];
    for (let last = result.length - 1; last > 0; last -= 1) {
      const other = this.integer(last + 1);
      const held = result[last] as Item;
      result[last] = result[other] as Item;
      result[other] = held;
    }
    return result;
  }

  choice(weights: ArrayLike<number>): number {
    const total = sumOfWeights(weights);
    const threshold = this.uniform() * total;
    let cumulated = 0;
    let chosen = -1;
    for (let index = 0; index < weights.length; index += 1) {
      const weight = weights[index] as number;
      if (weight === 0) continue;
      chosen = index;
      cumulated += weight;
      if (threshold < cumulated) break;
    }
    return chosen;
  }

  normals(count: number, scale = 1): Float32Array {
    return Float32Array.from({ length: count }, () => this.normal() * scale);
  }

  state(): RngState {
    return { key: [this.#key[0], this.#key[1]], counter: this.#counter };
  }

  restore(state: RngState): void {
    if (!isRngState(state)) {
      throw new HapsError(
        "config",
        `Rng.restore: not a generator state; got ${quoteValue(state)}; expected what Rng.state() returned`,
        { state },
      );
    }
    this.#key = [state.key[0], state.key[1]];
    this.#counter = state.counter;
  }

  #block(): WordPair {
    const counter = this.#counter;
    this.#counter = counter + 1;
    return threefry(this.#key, [counter % TWO_32, Math.floor(counter / TWO_32)]);
  }

  #draw53(): number {
    const [first, second] = this.#block();
    return (first >>> 5) * 2 ** 26 + (second >>> 6);
  }
}

/** States come from files, so the declared type proves nothing. */
function isRngState(value: unknown): value is RngState {
  if (typeof value !== "object" || value === null) return false;
  const { key, counter } = value as { readonly key?: unknown; readonly counter?: unknown };
  const words = Array.isArray(key) && key.length === 2 && key.every((word) => (word as number) >>> 0 === word);
  return words && Number.isSafeInteger(counter) && (counter as number) >= 0;
}

function sumOfWeights(weights: ArrayLike<number>): number {
  let total = 0;
  for (let index = 0; index < weights.length; index += 1) {
    const weight = weights[index] as number;
    if (!Number.isFinite(weight) || weight < 0) {
      throw new HapsError(
        Number.isFinite(weight) ? "config" : "non-finite",
        `Rng.choice: weight ${index} is ${weight}; expected a finite number >= 0; check the distribution that made it`,
        { index, weight },
      );
    }
    total += weight;
  }
  if (total > 0 && Number.isFinite(total)) return total;
  throw new HapsError(
    "config",
    `Rng.choice: ${weights.length} weights sum to ${total}; expected a positive finite sum; leave at least one choice`,
    { length: weights.length, total },
  );
}

function littleEndian(bytes: Uint8Array, start: number): number {
  let word = 0;
  for (let offset = 3; offset >= 0; offset -= 1) word = word * 256 + (bytes[start + offset] ?? 0);
  return word;
}

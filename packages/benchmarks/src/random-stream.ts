import { createHash } from "node:crypto";

const TWO_32 = 2 ** 32;
/** The odd number next to 2^32 divided by the golden ratio: steps through all words before one comes again. */
const STEP = 0x9e3779b9;

/** A named source of random numbers; equal seed, name and calls give equal numbers on every machine. */
export interface RandomStream {
  /** In `[0, 1)`, 32 random bits. */
  uniform(): number;
  /** An integer in `[0, limit)`, `limit` up to 2^31; multiply and shift, so biased by less than `limit / 2^32`. */
  integer(limit: number): number;
  /** One of the items, which must not be empty. */
  pick<Item>(items: readonly Item[]): Item;
  /** A shuffled copy (Fisher and Yates). */
  shuffle<Item>(items: readonly Item[]): Item[];
}

/**
 * Makes the stream of one purpose: what one consumer draws never moves the numbers of another.
 *
 * Counter-based: draw `n` is `mix(mix(n STEP + k0) XOR k1)`, with the key `k0, k1` the first eight bytes of
 * SHA-256(`seed/name`) and `mix` an avalanche of 32 bits. Good for questions, too weak for statistics on billions of draws.
 */
export function createRandomStream(seed: number, name: string): RandomStream {
  const key = createHash("sha256").update(`${seed}/${name}`).digest();
  const first = key.readUInt32LE(0);
  const second = key.readUInt32LE(4);
  let counter = 0;
  const draw = (): number => {
    counter += 1;
    return mix32(mix32((Math.imul(counter, STEP) + first) | 0) ^ second);
  };
  const integer = (limit: number): number => Math.floor((draw() * limit) / TWO_32);
  return {
    uniform: () => draw() / TWO_32,
    integer,
    pick: <Item>(items: readonly Item[]): Item => {
      const item = items[integer(items.length)];
      if (item === undefined) throw new Error("internal: nothing to pick from");
      return item;
    },
    shuffle: <Item>(items: readonly Item[]): Item[] => {
      const rest = [...items];
      const shuffled: Item[] = [];
      while (rest.length > 0) shuffled.push(...rest.splice(integer(rest.length), 1));
      return shuffled;
    },
  };
}

/** Avalanche of 32 bits: xor-shifts and odd multiplications, a bijection. */
function mix32(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** Draws uniform numbers in `[0, 1)`; each call advances it. */
export type RandomSource = () => number;

/**
 * A seeded random source: the 32-bit "small fast counter" generator, seeded by three words and twelve discarded draws.
 *
 * `t = a + b + n++; a = b ^ (b >>> 9); b = c + (c << 3); c = rotl(c, 21) + t; draw = t / 2^32`
 *
 * @param seed - Any safe integer; its low and high 32-bit words are both used.
 * @returns A source whose draws are multiples of 2^-32. Equal seeds give equal draws, on every machine.
 *
 * Source: C. Doty-Humphrey, PractRand, sfc32 (period at least 2^32).
 *
 * @example
 * ```ts
 * import { createRandomSource } from "@haps/evaluation";
 * const [first, second] = [createRandomSource(7), createRandomSource(7)];
 * console.assert(first() === second());
 * ```
 */
export function createRandomSource(seed: number): RandomSource {
  let a = seed | 0;
  let b = Math.floor(seed / 4_294_967_296) | 0;
  let c = 0x2545f491;
  let counter = 1;
  const draw = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4_294_967_296;
  };
  for (let skipped = 0; skipped < 12; skipped += 1) draw();
  return draw;
}

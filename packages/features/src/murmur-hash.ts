const FIRST_MULTIPLIER = 0xcc9e2d51;
const SECOND_MULTIPLIER = 0x1b873593;

/**
 * MurmurHash3 for 32-bit platforms (`MurmurHash3_x86_32`) of a range of bytes.
 *
 * @param bytes - Read from `start` (included) to `end` (excluded); blocks are little-endian.
 * @param seed - Unsigned 32-bit; hashes under different seeds are independent, so a hash may seed the next one.
 * @returns An unsigned 32-bit integer.
 *
 * Source: Austin Appleby, MurmurHash3 (2011), public domain; checked against its published test vectors.
 *
 * @example
 * ```ts
 * console.assert(murmurHash3(new TextEncoder().encode("abc"), 0x9747b28c) === 0xc84a62dd);
 * ```
 */
export function murmurHash3(bytes: Uint8Array, seed: number, start = 0, end = bytes.length): number {
  let hash = seed | 0;
  const wholeBlocks = start + ((end - start) & ~3);
  for (let at = start; at < wholeBlocks; at += 4) {
    const block =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash ^= scramble(block);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let at = end - 1; at >= wholeBlocks; at -= 1) tail = (tail << 8) | (bytes[at] as number);
  if (wholeBlocks < end) hash ^= scramble(tail);
  return avalanche(hash ^ (end - start));
}

function scramble(block: number): number {
  const product = Math.imul(block, FIRST_MULTIPLIER);
  return Math.imul((product << 15) | (product >>> 17), SECOND_MULTIPLIER);
}

function avalanche(value: number): number {
  let hash = value;
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return hash >>> 0;
}

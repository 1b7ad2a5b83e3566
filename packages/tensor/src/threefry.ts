const PARITY = 0x1bd11bda;
const ROTATIONS = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;

/** Two unsigned 32-bit words. */
export type WordPair = readonly [number, number];

/**
 * The Threefry-2x32 block function with 20 rounds: a counter and a key to 64 well mixed bits.
 *
 * Additions, rotations and exclusive-ors on 32-bit integers only, hence the same bits on every machine.
 *
 * Source: Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3 (2011), section 4.2.
 */
export function threefry(key: WordPair, counter: WordPair): WordPair {
  const schedule = [key[0], key[1], PARITY ^ key[0] ^ key[1]] as const;
  let left = (counter[0] + schedule[0]) | 0;
  let right = (counter[1] + schedule[1]) | 0;
  for (let group = 0; group < 5; group += 1) {
    for (const rotation of ROTATIONS[(group % 2) as 0 | 1]) {
      left = (left + right) | 0;
      right = ((right << rotation) | (right >>> (32 - rotation))) ^ left;
    }
    left = (left + (schedule[(group + 1) % 3] as number)) | 0;
    right = (right + (schedule[(group + 2) % 3] as number) + group + 1) | 0;
  }
  return [left >>> 0, right >>> 0];
}

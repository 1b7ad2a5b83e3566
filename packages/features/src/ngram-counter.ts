import { murmurHash3 } from "./murmur-hash.ts";
import type { SparseRow } from "./sparse-rows.ts";
import type { ScannedText } from "./text-scanner.ts";

/** Which n-grams of a text are counted. */
export interface NgramRange {
  readonly kind: "words" | "characters";
  readonly minimum: number;
  readonly maximum: number;
}

/** Counts hashed n-grams; reuses its buffers. */
export interface NgramCounter {
  readonly buckets: number;
  /** Bucket of every n-gram met, each once, in the order of meeting, with `1 + ln(count)`. The caller owns the row. */
  count(text: ScannedText): SparseRow;
}

/** Seeds keep the two kinds apart where they share buckets; their values carry no meaning. */
const WORD_SEED = 0x5eed0001;
const CHARACTER_SEED = 0x5eed0002;
const BLANK = 0x20;

/**
 * Makes a counter of n-grams hashed into `buckets` by MurmurHash3.
 *
 * A word n-gram hashes its last word with the hash of the words before as seed; a character n-gram hashes its bytes.
 * Character n-grams begin anywhere and end at the latest with the blank that closes the piece they began in.
 *
 * @param buckets - A power of two.
 */
export function createNgramCounter(range: NgramRange, buckets: number): NgramCounter {
  const counts = new Int32Array(buckets);
  const mask = buckets - 1;
  let met = new Int32Array(256);
  let metCount = 0;
  const add = (hash: number): void => {
    const bucket = hash & mask;
    const before = counts[bucket] as number;
    counts[bucket] = before + 1;
    if (before > 0) return;
    if (metCount === met.length) {
      const grown = new Int32Array(2 * met.length);
      grown.set(met);
      met = grown;
    }
    met[metCount] = bucket;
    metCount += 1;
  };
  const visit = range.kind === "words" ? visitWords : visitCharacters;
  return {
    buckets,
    count(text) {
      metCount = 0;
      visit(text, range, add);
      const indices = met.slice(0, metCount);
      const values = new Float64Array(metCount);
      for (let index = 0; index < metCount; index += 1) {
        const bucket = indices[index] as number;
        const count = counts[bucket] as number;
        values[index] = count === 1 ? 1 : 1 + Math.log(count);
        counts[bucket] = 0;
      }
      return { indices, values };
    },
  };
}

function visitWords(text: ScannedText, range: NgramRange, add: (hash: number) => void): void {
  for (let first = 0; first < text.wordCount; first += 1) {
    let hash = WORD_SEED;
    const last = Math.min(text.wordCount, first + range.maximum);
    for (let word = first; word < last; word += 1) {
      hash = murmurHash3(text.bytes, hash, text.wordStarts[word], text.wordEnds[word]);
      if (word - first + 1 >= range.minimum) add(hash);
    }
  }
}

function visitCharacters(text: ScannedText, range: NgramRange, add: (hash: number) => void): void {
  const { bytes, characterStarts, characterCount } = text;
  for (let first = 0; first < characterCount; first += 1) {
    const start = characterStarts[first] as number;
    const limit = Math.min(characterCount, first + range.maximum);
    for (let last = first; last < limit; last += 1) {
      const end = characterStarts[last + 1] as number;
      if (last - first + 1 >= range.minimum) add(murmurHash3(bytes, CHARACTER_SEED, start, end));
      if (last > first && bytes[characterStarts[last] as number] === BLANK) break;
    }
  }
}

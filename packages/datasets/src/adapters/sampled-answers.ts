import { DataError, type DataLocation, quoteValue } from "@haps/spec";

/** Scores of ten recorded answers, recomputed from their letters. */
export interface SampledScore {
  /** Share of correct samples, 0 to 1. */
  readonly score: number;
  readonly samples: number;
  /** The same for the first and the second five. */
  readonly halves: readonly [first: number, second: number];
}

/**
 * Scores a string of answer letters against the gold letter; any other sign (`-` none, `?` malformed) is wrong.
 *
 * @param correct - The number of correct samples that the source states; the letters must reproduce it.
 * @throws DataError when they do not, or the number of letters is odd or zero.
 */
export function scoreLetters(letters: string, gold: string, correct: number, location: DataLocation): SampledScore {
  const hits = Array.from(letters, (letter) => (letter === gold ? 1 : 0) as number);
  const half = hits.length / 2;
  if (hits.length === 0 || !Number.isInteger(half)) {
    throw new DataError(
      location,
      `got ${hits.length} answers (${quoteValue(letters)})`,
      "expected an even number of samples",
    );
  }
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const total = sum(hits);
  if (total !== correct) {
    const problem = `the letters ${quoteValue(letters)} hold ${total} times the gold answer ${quoteValue(gold)}, n_correct says ${correct}`;
    throw new DataError(location, problem, "fetch queries and outcomes of the same version");
  }
  return {
    score: total / hits.length,
    samples: hits.length,
    halves: [sum(hits.slice(0, half)) / half, sum(hits.slice(half)) / half],
  };
}

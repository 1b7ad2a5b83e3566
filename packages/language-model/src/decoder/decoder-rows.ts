import { HapsError } from "@haps/spec";
import type { AttentionSegment } from "@haps/tensor";

/**
 * Tokens of several sequences as packed rows, one after another and without padding: a sequence costs what it is long, and what
 * comes out for it does not depend on its neighbours.
 */
export interface DecoderRows {
  /** Token id per row. */
  readonly tokens: ArrayLike<number>;
  /** Position of each row in its sequence, from 0. */
  readonly positions: ArrayLike<number>;
  /** Which rows belong together and what they see. */
  readonly segments: readonly AttentionSegment[];
}

/**
 * Packs whole sequences, each a segment of its own that begins at position 0.
 *
 * @throws HapsError code `data` for an empty sequence.
 *
 * @example
 * ```ts
 * const { tokens, positions, segments } = packSequences([[5, 6], [7]]);
 * console.assert(Array.from(tokens).join() === "5,6,7" && Array.from(positions).join() === "0,1,0" && segments[1]?.start === 2);
 * ```
 */
export function packSequences(sequences: readonly (readonly number[])[]): DecoderRows {
  const positions: number[] = [];
  const segments = sequences.map((sequence, index): AttentionSegment => {
    if (sequence.length === 0) {
      throw new HapsError(
        "data",
        `packSequences: sequence ${index} has no tokens; expected at least one; begin it with the model's begin token`,
        { index },
      );
    }
    const start = positions.length;
    sequence.forEach((_, position) => {
      positions.push(position);
    });
    return { start, length: sequence.length };
  });
  return { tokens: sequences.flat(), positions, segments };
}

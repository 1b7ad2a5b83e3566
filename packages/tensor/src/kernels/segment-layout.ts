/**
 * Keys and values of tokens before a segment that are not among the rows, `[length, keyValueHeads * headDim]`; read in the backward pass
 * too. Getters may look them up anew, as those of a `FloatStore` must be.
 */
export interface AttentionPast {
  /** May be longer than `length` rows; the rest is not read. */
  readonly keys: Float32Array;
  readonly values: Float32Array;
  readonly length: number;
}

/** Rows that follow each other in one sequence, and what lies before them. */
export interface AttentionSegment {
  /** First row. */
  readonly start: number;
  /** Rows, >= 1. */
  readonly length: number;
  /** Segments that come before this one in its sequence, oldest first: indices below its own. All of their rows are seen. */
  readonly ancestors?: readonly number[];
  /** Comes before everything else; gets no gradient. */
  readonly past?: AttentionPast;
  /** Its rows are only seen by others, as those of an earlier pass: they give zeros. Default false. */
  readonly silent?: boolean;
}

/** Widths of packed rows of query, key and value side by side. */
export interface FusedLayout {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headDim: number;
  /** Of a row: `(heads + 2 keyValueHeads) headDim`. */
  readonly width: number;
  readonly scale: number;
  /** Newest keys that a row sees, itself included. */
  readonly window?: number;
}

/** Consecutive tokens whose keys and values lie evenly spaced in one array each. */
export interface TokenSpan {
  readonly keys: Float32Array;
  readonly values: Float32Array;
  /** First element of the first key and the first value. */
  readonly keyStart: number;
  readonly valueStart: number;
  /** Elements from one token to the next. */
  readonly stride: number;
  readonly count: number;
  /** Whether it lies outside the rows and gets no gradient. */
  readonly isPast: boolean;
}

/** What a segment sees, oldest first, its own rows last. */
export function spansOf(
  fused: Float32Array,
  segments: readonly AttentionSegment[],
  segment: AttentionSegment,
  layout: FusedLayout,
): readonly TokenSpan[] {
  const { heads, keyValueHeads, headDim, width } = layout;
  const rowsOf = ({ start, length }: AttentionSegment): TokenSpan => ({
    keys: fused,
    values: fused,
    keyStart: start * width + heads * headDim,
    valueStart: start * width + (heads + keyValueHeads) * headDim,
    stride: width,
    count: length,
    isPast: false,
  });
  const { past, ancestors = [] } = segment;
  const before = past === undefined ? [] : [pastSpan(past, keyValueHeads * headDim)];
  return [...before, ...ancestors.map((index) => rowsOf(segments[index] as AttentionSegment)), rowsOf(segment)];
}

function pastSpan({ keys, values, length }: AttentionPast, stride: number): TokenSpan {
  return { keys, values, keyStart: 0, valueStart: 0, stride, count: length, isPast: true };
}

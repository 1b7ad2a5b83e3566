import type { AttentionSegment } from "@haps/tensor";

/** Segments whose first rows are only seen by others, and where each came from. */
export interface SilencedSegments {
  readonly segments: readonly AttentionSegment[];
  /** Per segment the index of the one that it was split from. */
  readonly origins: readonly number[];
}

/**
 * Splits the first rows off segments, so that attention is not computed for them while the others still see them.
 *
 * @param skipped - Rows to silence at the start of each segment, >= 0; all of it where there are fewer.
 */
export function silenceRows(
  segments: readonly Pick<AttentionSegment, "start" | "length">[],
  skipped: readonly number[],
): SilencedSegments {
  const split: AttentionSegment[] = [];
  const origins: number[] = [];
  segments.forEach(({ start, length }, index) => {
    const silent = Math.min(skipped[index] as number, length);
    const before = split.length;
    if (silent > 0) split.push({ start, length: silent, silent: true });
    if (silent < length) {
      const rest = { start: start + silent, length: length - silent };
      split.push(silent > 0 ? { ...rest, ancestors: [before] } : rest);
    }
    for (let made = before; made < split.length; made += 1) origins.push(index);
  });
  return { segments: split, origins };
}

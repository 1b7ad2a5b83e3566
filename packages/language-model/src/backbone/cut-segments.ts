import type { AttentionSegment } from "@haps/tensor";

/** Segments, and which of the given ones each was a part of. */
export interface CutSegments {
  readonly segments: readonly AttentionSegment[];
  readonly origin: readonly number[];
}

/**
 * Cuts segments where rows that are wanted meet rows that are only seen by others, which become silent; every row sees what it saw.
 *
 * @param wanted - Per row whether what attention gives for it is read.
 */
export function cutSegments(segments: readonly AttentionSegment[], wanted: ArrayLike<number>): CutSegments {
  const result: AttentionSegment[] = [];
  const origin: number[] = [];
  const partsOf: number[][] = [];
  segments.forEach(({ start, length, ancestors = [] }, index) => {
    const before = ancestors.flatMap((ancestor) => partsOf[ancestor] as number[]);
    const parts: number[] = [];
    let first = start;
    for (let row = start + 1; row <= start + length; row += 1) {
      if (row < start + length && wanted[row] === wanted[first]) continue;
      const silent = wanted[first] !== 1;
      result.push({
        start: first,
        length: row - first,
        ancestors: [...before, ...parts],
        ...(silent ? { silent } : {}),
      });
      parts.push(result.length - 1);
      origin.push(index);
      first = row;
    }
    partsOf.push(parts);
  });
  return { segments: result, origin };
}

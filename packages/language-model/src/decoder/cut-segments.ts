import type { AttentionSegment } from "@haps/tensor";

/** Segments, and which of the given ones each was a part of. */
export interface CutSegments {
  readonly segments: readonly AttentionSegment[];
  readonly origin: readonly number[];
}

/**
 * Cuts segments where rows that are wanted meet rows that are only seen by others, which become silent; every row sees what it saw.
 *
 * @param wanted - Rows of which is read what attention gives, in any order.
 */
export function cutSegments(segments: readonly AttentionSegment[], wanted: Iterable<number>): CutSegments {
  const isWanted = new Set(wanted);
  const result: AttentionSegment[] = [];
  const origin: number[] = [];
  const partsOf: number[][] = [];
  segments.forEach(({ start, length, ancestors = [] }, index) => {
    const before = ancestors.flatMap((ancestor) => partsOf[ancestor] as number[]);
    const parts: number[] = [];
    let first = start;
    for (let row = start + 1; row <= start + length; row += 1) {
      if (row < start + length && isWanted.has(row) === isWanted.has(first)) continue;
      const silent = !isWanted.has(first);
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

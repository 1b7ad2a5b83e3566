import type { SparseRow } from "./sparse-rows.ts";

/**
 * `idf = ln((1 + texts) / (1 + df)) + 1` of every bucket, in float32; 0 for buckets met in fewer than `minimum` texts.
 *
 * @param rows - Counted n-grams of every training text.
 */
export function inverseDocumentFrequencies(rows: readonly SparseRow[], buckets: number, minimum: number): Float32Array {
  const documents = new Int32Array(buckets);
  for (const row of rows) for (const bucket of row.indices) documents[bucket] = (documents[bucket] as number) + 1;
  return Float32Array.from(documents, (count) => (count < minimum ? 0 : Math.log((1 + rows.length) / (1 + count)) + 1));
}

/** Column of every bucket in use, block by block; -1 where it is not used. */
export function columnLookup(idf: readonly Float32Array[]): { columns: readonly Int32Array[]; total: number } {
  let total = 0;
  const columns = idf.map((weights) =>
    Int32Array.from(weights, (weight) => {
      if (weight === 0) return -1;
      total += 1;
      return total - 1;
    }),
  );
  return { columns, total };
}

/** Tf-idf of one text over the buckets in use, every kind of n-gram divided by its own length. */
export function weighRow(
  rows: readonly SparseRow[],
  idf: readonly Float32Array[],
  columns: readonly Int32Array[],
): SparseRow {
  const entries = rows.reduce((sum, row) => sum + row.indices.length, 0);
  const indices = new Int32Array(entries);
  const values = new Float64Array(entries);
  let filled = 0;
  rows.forEach((row, block) => {
    const weights = idf[block] as Float32Array;
    const lookup = columns[block] as Int32Array;
    const start = filled;
    let squares = 0;
    for (let entry = 0; entry < row.indices.length; entry += 1) {
      const bucket = row.indices[entry] as number;
      const column = lookup[bucket] as number;
      if (column < 0) continue;
      const value = (row.values[entry] as number) * (weights[bucket] as number);
      indices[filled] = column;
      values[filled] = value;
      squares += value * value;
      filled += 1;
    }
    const length = Math.sqrt(squares);
    for (let entry = start; entry < filled; entry += 1) values[entry] = (values[entry] as number) / length;
  });
  return { indices: indices.subarray(0, filled), values: values.subarray(0, filled) };
}

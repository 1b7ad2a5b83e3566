import type { Cells } from "@haps/spec";

/** Means over the recorded cells of every column, and how many there were. */
export interface ColumnMeans {
  /** `[width]`, `NaN` for a column without a recorded cell. */
  readonly means: Float64Array;
  /** `[width]`. */
  readonly counts: Float64Array;
}

/** Means of the columns of row-major cells over the given rows (all when absent); `NaN` cells are left out. */
export function columnMeans(cells: Cells, width: number, rows?: readonly number[]): ColumnMeans {
  const sums = new Float64Array(width);
  const counts = new Float64Array(width);
  const total = rows?.length ?? cells.length / width;
  for (let place = 0; place < total; place += 1) {
    const row = rows === undefined ? place : (rows[place] as number);
    for (let column = 0; column < width; column += 1) {
      const value = cells[row * width + column] as number;
      if (Number.isNaN(value)) continue;
      sums[column] = (sums[column] as number) + value;
      counts[column] = (counts[column] as number) + 1;
    }
  }
  return { means: sums.map((sum, column) => sum / (counts[column] as number)), counts };
}

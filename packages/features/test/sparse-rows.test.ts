import { expectClose } from "@haps/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { multiplySparse, multiplyTransposedSparse, rowCount, stackRows } from "../src/sparse-rows.ts"; // internal
import { columnLookup, inverseDocumentFrequencies, weighRow } from "../src/tf-idf.ts"; // internal

const small = fc.integer({ min: -4, max: 4 });

describe("sparse products", () => {
  it("agree with dense ones", () => {
    const cases = fc
      .record({
        rows: fc.integer({ min: 0, max: 5 }),
        columns: fc.integer({ min: 1, max: 5 }),
        width: fc.integer({ min: 1, max: 3 }),
      })
      .chain(({ rows, columns, width }) =>
        fc.record({
          columns: fc.constant(columns),
          width: fc.constant(width),
          dense: fc.array(fc.array(small, { minLength: columns, maxLength: columns }), {
            minLength: rows,
            maxLength: rows,
          }),
          right: fc.array(fc.array(small, { minLength: width, maxLength: width }), {
            minLength: columns,
            maxLength: columns,
          }),
          left: fc.array(fc.array(small, { minLength: width, maxLength: width }), { minLength: rows, maxLength: rows }),
        }),
      );
    fc.assert(
      fc.property(cases, ({ columns, width, dense, right, left }) => {
        const matrix = stackRows(
          dense.map((row) => {
            const entries = row.flatMap((value, column) => (value === 0 ? [] : [[column, value] as const])).reverse();
            return {
              indices: Int32Array.from(entries, ([column]) => column),
              values: Float64Array.from(entries, ([, value]) => value),
            };
          }),
          columns,
        );
        expect(rowCount(matrix)).toBe(dense.length);
        const sum = (count: number, term: (at: number) => number): number =>
          Array.from({ length: count }, (_, at) => term(at)).reduce((total, value) => total + value, 0);
        expectClose(
          multiplySparse(matrix, Float64Array.from(right.flat()), width),
          dense.flatMap((row) =>
            Array.from({ length: width }, (_, at) =>
              sum(columns, (c) => (row[c] as number) * (right[c]?.[at] as number)),
            ),
          ),
        );
        expectClose(
          multiplyTransposedSparse(matrix, Float64Array.from(left.flat()), width),
          Array.from({ length: columns }, (_, column) =>
            Array.from({ length: width }, (_unused, at) =>
              sum(dense.length, (r) => (dense[r]?.[column] as number) * (left[r]?.[at] as number)),
            ),
          ).flat(),
        );
      }),
      { seed: 21, numRuns: 100 },
    );
  });
});

describe("tf-idf", () => {
  const row = (indices: number[], values: number[]) => ({
    indices: Int32Array.from(indices),
    values: Float64Array.from(values),
  });

  it("weighs rare buckets more and drops those met in too few texts", () => {
    const rows = [row([0, 1], [1, 1]), row([0, 2], [1, 1]), row([0, 1], [1, 2])];
    const idf = inverseDocumentFrequencies(rows, 4, 2);
    expectClose(idf, [Math.log(4 / 4) + 1, Math.log(4 / 3) + 1, 0, 0], { rtol: 1e-6 });
    expect(columnLookup([idf, Float32Array.of(0, 1)])).toEqual({
      columns: [Int32Array.of(0, 1, -1, -1), Int32Array.of(-1, 2)],
      total: 3,
    });
  });

  it("divides every kind of n-gram by its own length and leaves out unknown buckets", () => {
    const idf = [Float32Array.of(1, 2, 0), Float32Array.of(0, 0.5)];
    const { columns } = columnLookup(idf);
    const weighed = weighRow([row([2, 1, 0], [9, 2, 3]), row([1], [7])], idf, columns);
    expect([...weighed.indices]).toEqual([1, 0, 2]);
    expectClose(weighed.values, [4 / 5, 3 / 5, 1], { rtol: 1e-12 });
    expect(weighRow([row([2], [1]), row([], [])], idf, columns).values).toHaveLength(0);
  });
});

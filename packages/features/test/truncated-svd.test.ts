import { readFileSync } from "node:fs";
import { createRng } from "@haps/tensor";
import { expectClose } from "@haps/testing";
import { describe, expect, it } from "vitest";
import { type SparseRows, stackRows } from "../src/sparse-rows.ts"; // internal
import { symmetricEigen } from "../src/symmetric-eigen.ts"; // internal
import { truncatedSvd } from "../src/truncated-svd.ts"; // internal

interface Golden {
  readonly rows: number;
  readonly columns: number;
  readonly entries: readonly (readonly [number, number, number])[];
  readonly singularValues: readonly number[];
  readonly rightVectors: readonly (readonly number[])[];
}

const golden = JSON.parse(readFileSync(new URL("golden/truncated-svd.json", import.meta.url), "utf8")) as Golden;

function sparse(rows: number, columns: number, entries: Golden["entries"]): SparseRows {
  const list = Array.from({ length: rows }, (_, row) => {
    const own = entries.filter(([at]) => at === row);
    return {
      indices: Int32Array.from(own, ([, column]) => column),
      values: Float64Array.from(own, ([, , value]) => value),
    };
  });
  return stackRows(list, columns);
}

const matrix = sparse(golden.rows, golden.columns, golden.entries);

describe("truncatedSvd", () => {
  it("agrees with NumPy up to sign when the range finder sees the whole range", () => {
    const { singularValues, rightVectors } = truncatedSvd(matrix, createRng(1), {
      components: 6,
      powerIterations: 2,
      oversampling: 40,
    });
    expectClose(singularValues, golden.singularValues, { rtol: 1e-12, atol: 0 });
    golden.rightVectors.forEach((expected, component) => {
      const column = expected.map((_, row) => rightVectors[row * 6 + component] as number);
      const sign = Math.sign(column.reduce((sum, value, row) => sum + value * (expected[row] as number), 0));
      expectClose(
        column,
        expected.map((value) => value * sign),
        { rtol: 0, atol: 1e-9 },
      );
      const largest = column.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
      expect(largest).toBeGreaterThan(0);
    });
  });

  it("comes close to the leading singular values with a narrow range finder", () => {
    const { singularValues } = truncatedSvd(matrix, createRng(1), {
      components: 6,
      powerIterations: 4,
      oversampling: 4,
    });
    expectClose(singularValues, golden.singularValues, { rtol: 2e-3, atol: 0 });
  });

  it("gives orthonormal directions", () => {
    const { rightVectors } = truncatedSvd(matrix, createRng(2), { components: 5, powerIterations: 1 });
    for (let a = 0; a < 5; a += 1) {
      for (let b = 0; b < 5; b += 1) {
        let product = 0;
        for (let row = 0; row < golden.columns; row += 1) {
          product += (rightVectors[row * 5 + a] as number) * (rightVectors[row * 5 + b] as number);
        }
        expect(product).toBeCloseTo(a === b ? 1 : 0, 10);
      }
    }
  });

  it("gives the same bits for the same stream", () => {
    const options = { components: 6, powerIterations: 2 };
    expect(truncatedSvd(matrix, createRng(3), options)).toEqual(truncatedSvd(matrix, createRng(3), options));
  });

  it("keeps no more directions than the matrix has", () => {
    const twins = sparse(4, 3, [
      [0, 0, 1],
      [1, 0, 1],
      [2, 1, 2],
      [3, 1, 2],
    ]);
    const { singularValues, rightVectors } = truncatedSvd(twins, createRng(1), { components: 3, powerIterations: 2 });
    expectClose(singularValues, [Math.sqrt(8), Math.sqrt(2)], { rtol: 1e-12 });
    expectClose(rightVectors, [0, 1, 1, 0, 0, 0], { atol: 1e-12 });
  });

  it("gives nothing for an empty matrix and for one of zeros", () => {
    const options = { components: 2, powerIterations: 1 };
    expect(truncatedSvd(sparse(0, 5, []), createRng(1), options).singularValues).toHaveLength(0);
    expect(truncatedSvd(sparse(3, 0, []), createRng(1), options).singularValues).toHaveLength(0);
    expect(truncatedSvd(sparse(3, 3, []), createRng(1), options).singularValues).toHaveLength(0);
  });
});

describe("symmetricEigen", () => {
  it("solves a matrix with known eigenvalues", () => {
    const { values, vectors } = symmetricEigen(Float64Array.of(2, -1, 0, -1, 2, -1, 0, -1, 2), 3);
    expectClose(values, [2 + Math.SQRT2, 2, 2 - Math.SQRT2], { rtol: 1e-14 });
    expectClose(Math.abs(vectors[3] as number), Math.SQRT1_2, { rtol: 1e-12 });
  });

  it("leaves a diagonal matrix but for the order", () => {
    const { values, vectors } = symmetricEigen(Float64Array.of(1, 0, 0, 5), 2);
    expect([...values]).toEqual([5, 1]);
    expect([...vectors]).toEqual([0, 1, 1, 0]);
  });
});

import { readFileSync } from "node:fs";
import { expectClose } from "@haps/testing";
import { describe, expect, it } from "vitest";
import { legendre } from "../src/legendre.ts"; // internal

interface Golden {
  readonly points: readonly number[];
  /** `[degree][point]`. */
  readonly values: readonly (readonly number[])[];
}

const golden = JSON.parse(readFileSync(new URL("golden/legendre.json", import.meta.url), "utf8")) as Golden;

describe("legendre", () => {
  it("agrees with the closed forms of the first degrees", () => {
    for (const x of [-1, -0.3, 0, 0.5, 1]) {
      expect(legendre(0, x)).toBe(1);
      expect(legendre(1, x)).toBe(x);
      expect(legendre(2, x)).toBeCloseTo((3 * x ** 2 - 1) / 2, 14);
      expect(legendre(3, x)).toBeCloseTo((5 * x ** 3 - 3 * x) / 2, 14);
      expect(legendre(4, x)).toBeCloseTo((35 * x ** 4 - 30 * x ** 2 + 3) / 8, 14);
    }
  });

  it("agrees with NumPy up to degree 8", () => {
    expect(golden.values).toHaveLength(9);
    golden.values.forEach((expected, degree) => {
      expectClose(
        golden.points.map((x) => legendre(degree, x)),
        expected,
        { rtol: 0, atol: 1e-14 },
      );
    });
  });
});

import { createRng, type Rng } from "@haps/tensor";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const configError = expect.objectContaining({ code: "config" });

const draw = (rng: Rng, count: number): number[] => Array.from({ length: count }, () => rng.uniform());

/** Σ (observed - expected)² / expected for equal expectations. */
function chiSquare(counts: ArrayLike<number>): number {
  const total = Array.from(counts).reduce((sum, count) => sum + count, 0);
  const expected = total / counts.length;
  return Array.from(counts).reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** Upper 0.1 % point of the chi-square distribution (Wilson and Hilferty 1931). */
function chiSquareLimit(freedom: number): number {
  return freedom * (1 - 2 / (9 * freedom) + 3.0902 * Math.sqrt(2 / (9 * freedom))) ** 3;
}

function count(length: number, draws: number, next: () => number): number[] {
  const counts = new Array<number>(length).fill(0);
  for (let index = 0; index < draws; index += 1) {
    const value = next();
    counts[value] = (counts[value] as number) + 1;
  }
  return counts;
}

describe("createRng", () => {
  it("gives equal numbers for equal seeds and others for other seeds", () => {
    expect(draw(createRng(5), 20)).toEqual(draw(createRng(5), 20));
    const seeds = [0, 1, -1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1, -(2 ** 53) + 1, -(2 ** 32)];
    expect(new Set(seeds.map((seed) => createRng(seed).uniform())).size).toBe(seeds.length);
  });

  it("keeps its numbers from one release to the next", () => {
    const rng = createRng(7);
    expect([rng.uniform(), rng.normal(), rng.integer(1000), rng.fork("init").uniform()]).toMatchInlineSnapshot(`
      [
        0.351344457076868,
        -0.5717663179421133,
        370,
        0.23152270909142325,
      ]
    `);
  });

  it("refuses a seed that is no safe integer", () => {
    for (const seed of [0.5, Number.NaN, Infinity, 2 ** 53, "7" as unknown as number]) {
      expect(() => createRng(seed)).toThrow(configError);
    }
  });
});

describe("Rng.fork", () => {
  it("depends on the name only, not on what was drawn or forked before", () => {
    const rng = createRng(3);
    const first = draw(rng.fork("weights"), 5);
    draw(rng, 7);
    rng.fork("other").normal();
    expect(draw(rng.fork("weights"), 5)).toEqual(first);
    expect(draw(createRng(3).fork("weights"), 5)).toEqual(first);
  });

  it("leaves its parent where it was", () => {
    const [plain, forked] = [createRng(3), createRng(3)];
    forked.fork("a").uniform();
    expect(draw(forked, 5)).toEqual(draw(plain, 5));
  });

  it("gives every name a stream of its own, however alike the names", () => {
    const names = [
      "",
      "a",
      "b",
      "ab",
      "ba",
      "a\0",
      "a\0\0",
      "é",
      "e\u0301",
      "12345678",
      "123456789",
      "1234567812345678",
    ];
    const parent = createRng(3);
    const first = [parent.uniform(), ...names.map((name) => parent.fork(name).uniform())];
    expect(new Set(first).size).toBe(first.length);
    expect(parent.fork("a").fork("b").uniform()).not.toBe(parent.fork("b").fork("a").uniform());
    expect(parent.fork("a").fork("b").uniform()).not.toBe(parent.fork("ab").uniform());
  });

  it("gives streams that are not correlated with each other or with their parent", () => {
    const draws = 20_000;
    const parent = createRng(9);
    const streams = [parent.fork("a"), parent.fork("b"), parent].map((rng) => draw(rng, draws));
    for (const [left, right] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      let covariance = 0;
      for (let index = 0; index < draws; index += 1) {
        covariance += ((streams[left]?.[index] as number) - 0.5) * ((streams[right]?.[index] as number) - 0.5);
      }
      // The correlation has standard deviation 1/√draws = 0.0071.
      expect(Math.abs((12 * covariance) / draws)).toBeLessThan(0.0071 * 4);
    }
  });

  it("separates any two names", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (left, right) => {
        const rng = createRng(1);
        return left === right || rng.fork(left).uniform() !== rng.fork(right).uniform();
      }),
      { seed: 4, numRuns: 200 },
    );
  });
});

describe("Rng.uniform", () => {
  it("lies in [0, 1) and fills it evenly", () => {
    const rng = createRng(11);
    const values = draw(rng, 50_000);
    expect(Math.min(...values.slice(0, 10_000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values.slice(0, 10_000))).toBeLessThan(1);
    let index = 0;
    expect(chiSquare(count(100, 50_000, () => Math.floor((values[index++] as number) * 100)))).toBeLessThan(
      chiSquareLimit(99),
    );
  });

  it("has 53 random bits", () => {
    const low = draw(createRng(12), 2000).map((value) => (value * 2 ** 53) % 2);
    expect(low.every((bit) => bit === 0 || bit === 1)).toBe(true);
    expect(Math.abs(low.reduce((sum, bit) => sum + bit, 0) - 1000)).toBeLessThan(90);
  });

  it("has no serial correlation", () => {
    const values = draw(createRng(13), 40_001);
    let covariance = 0;
    for (let index = 1; index < values.length; index += 1) {
      covariance += ((values[index] as number) - 0.5) * ((values[index - 1] as number) - 0.5);
    }
    expect(Math.abs((12 * covariance) / 40_000)).toBeLessThan(0.02);
  });
});

describe("Rng.normal", () => {
  it("has the first four moments of the standard normal", () => {
    const draws = 100_000;
    const values = createRng(17).normals(draws);
    const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / draws;
    // Four standard errors: √(1, 2, 15, 96) / √draws.
    expect(Math.abs(moment(1))).toBeLessThan(4 * Math.sqrt(1 / draws));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / draws));
    expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / draws));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / draws));
  });

  it("falls into the quartiles of the standard normal equally often", () => {
    const rng = createRng(18);
    const counts = count(4, 40_000, () => {
      const value = rng.normal();
      return value < 0 ? (value < -0.6744897502 ? 0 : 1) : value < 0.6744897502 ? 2 : 3;
    });
    expect(chiSquare(counts)).toBeLessThan(chiSquareLimit(3));
  });

  it("draws arrays as it draws numbers, times the scale", () => {
    const single = createRng(19);
    const expected = Float32Array.from({ length: 6 }, () => single.normal() * 0.5);
    expect(createRng(19).normals(6, 0.5)).toEqual(expected);
    expect(createRng(19).normals(0)).toEqual(new Float32Array(0));
  });
});

describe("Rng.integer", () => {
  it("lies below the limit and takes every value equally often", () => {
    for (const limit of [1, 2, 3, 7, 10, 100]) {
      const rng = createRng(limit);
      const counts = count(limit, 20_000, () => rng.integer(limit));
      expect(counts).toHaveLength(limit);
      if (limit > 1) expect(chiSquare(counts)).toBeLessThan(chiSquareLimit(limit - 1));
    }
  });

  it("has no bias where the remainder alone would favour small values two to one", () => {
    const limit = 3 * 2 ** 51; // of 2^53 values, the first 2^51 would come up twice
    const rng = createRng(23);
    const thirds = count(3, 9000, () => Math.floor(rng.integer(limit) / 2 ** 51));
    expect(chiSquare(thirds)).toBeLessThan(chiSquareLimit(2));
  });

  it("reaches large values", () => {
    const rng = createRng(24);
    const values = Array.from({ length: 100 }, () => rng.integer(2 ** 53));
    expect(Math.max(...values)).toBeGreaterThan(2 ** 52);
    expect(values.every(Number.isSafeInteger)).toBe(true);
  });

  it("refuses a limit that is no integer in [1, 2^53]", () => {
    for (const limit of [0, -1, 1.5, Number.NaN, 2 ** 53 + 2]) {
      expect(() => createRng(1).integer(limit)).toThrow(configError);
    }
  });
});

describe("Rng.shuffle", () => {
  it("puts four items into each of the 24 orders equally often", () => {
    const rng = createRng(29);
    const orders = new Map<string, number>();
    for (let index = 0; index < 24_000; index += 1) {
      const order = rng.shuffle("abcd".split("")).join("");
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    expect(chiSquare([...orders.values()])).toBeLessThan(chiSquareLimit(23));
  });

  it("keeps every item and leaves its argument alone", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
        const before = [...items];
        const shuffled = createRng(seed).shuffle(items);
        expect(items).toEqual(before);
        expect(shuffled.toSorted((a, b) => a - b)).toEqual(before.toSorted((a, b) => a - b));
      }),
      { seed: 5, numRuns: 100 },
    );
  });
});

describe("Rng.choice", () => {
  it("draws in proportion to the weights and never what has none", () => {
    const rng = createRng(31);
    const counts = count(5, 20_000, () => rng.choice([0, 1, 3, 0, 4]));
    expect([counts[0], counts[3]]).toEqual([0, 0]);
    const scaled = [(counts[1] as number) / 1, (counts[2] as number) / 3, (counts[4] as number) / 4];
    for (const value of scaled) expect(Math.abs(value - 2500)).toBeLessThan(200);
  });

  it("takes the only choice, in any position", () => {
    expect(createRng(1).choice([0, 0, 1e-300])).toBe(2);
    expect(createRng(1).choice(Float32Array.of(5, 0))).toBe(0);
  });

  it("refuses weights that are negative, not finite, or all zero", () => {
    expect(() => createRng(1).choice([1, -1])).toThrow(configError);
    expect(() => createRng(1).choice([0, 0])).toThrow(configError);
    expect(() => createRng(1).choice([])).toThrow(configError);
    expect(() => createRng(1).choice([1, Number.NaN])).toThrow(expect.objectContaining({ code: "non-finite" }));
  });
});

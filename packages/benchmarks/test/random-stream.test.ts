import { describe, expect, it } from "vitest";
import { createRandomStream } from "../src/random-stream.ts"; // internal

describe("createRandomStream", () => {
  it("gives equal numbers for equal seed and name, others for another of either", () => {
    const draws = (seed: number, name: string): readonly number[] => {
      const stream = createRandomStream(seed, name);
      return Array.from({ length: 8 }, () => stream.uniform());
    };
    expect(draws(1, "a")).toEqual(draws(1, "a"));
    expect(draws(1, "a")).not.toEqual(draws(2, "a"));
    expect(draws(1, "a")).not.toEqual(draws(1, "b"));
  });

  it("draws uniformly: chi-square of 100 cells and of pairs of successive draws", () => {
    const stream = createRandomStream(3, "chi");
    const single = new Float64Array(100);
    const pairs = new Float64Array(100);
    let last = stream.integer(10);
    for (let draw = 0; draw < 100_000; draw += 1) {
      single[stream.integer(100)]! += 1;
      const next = stream.integer(10);
      pairs[10 * last + next]! += 1;
      last = next;
    }
    const chi = (cells: Float64Array): number => cells.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // 99 degrees of freedom: mean 99, deviation 14.
    for (const cells of [single, pairs]) expect(Math.abs(chi(cells) - 99)).toBeLessThan(4 * 14);
  });

  it("shuffles without loss, into every order equally often", () => {
    const counts = new Map<string, number>();
    const stream = createRandomStream(5, "orders");
    for (let draw = 0; draw < 6000; draw += 1) {
      const order = stream.shuffle(["a", "b", "c"]).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(["abc", "acb", "bac", "bca", "cab", "cba"]);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
  });

  it("has nothing to pick from an empty list", () => {
    expect(() => createRandomStream(1, "empty").pick([])).toThrowError(/nothing to pick/);
  });
});

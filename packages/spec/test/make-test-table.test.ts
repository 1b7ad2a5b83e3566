import { armKey } from "@haps/spec";
import { makeTestTable } from "@haps/spec/testing";
import { describe, expect, it } from "vitest";

describe("makeTestTable", () => {
  it("has a rule that labels tell: steps for sums, large for poems", () => {
    const table = makeTestTable();
    const bestArms = table.rows.map((_, row) => {
      const scores = [...table.score.subarray(row * 4, row * 4 + 4)];
      return scores.indexOf(Math.max(...scores));
    });
    expect(table.rows.map((row) => row.labels.task)).toEqual(bestArms.map((arm) => (arm === 1 ? "sum" : "poem")));
    expect(new Set(bestArms)).toEqual(new Set([1, 3]));
  });

  it("gives the same table for the same options, and all combinations of several roles", () => {
    expect(makeTestTable({ questions: 5 })).toEqual(makeTestTable({ questions: 5 }));
    const pairs = makeTestTable({ questions: 3, roles: ["teacher", "student"] });
    expect(new Set(pairs.arms.map(armKey)).size).toBe(16);
    expect(pairs.score.length).toBe(48);
    expect(pairs.score.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  it("leaves out costs and cells when asked", () => {
    const table = makeTestTable({ questions: 5, costs: false, missingEvery: 3 });
    expect(table.cost).toBeUndefined();
    expect([...table.score].map(Number.isNaN)).toEqual(Array.from({ length: 20 }, (_, cell) => cell % 3 === 2));
    expect(table.samples[2]).toBe(0);
    const priced = makeTestTable({ questions: 5, missingEvery: 3 });
    expect(Number.isNaN(priced.cost?.[2])).toBe(true);
  });

  it.each([[{ questions: 1 }], [{ roles: [] }], [{ missingEvery: 1 }]])("refuses %o", (options) => {
    expect(() => makeTestTable(options)).toThrow(expect.objectContaining({ code: "config" }));
  });
});

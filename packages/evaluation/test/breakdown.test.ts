import { armShares, collectOutcomes, labelBreakdown } from "@haps/evaluation";
import { describe, expect, it } from "vitest";
import { foldsOf, tableOf } from "./fixture.ts";
import { recordsOf } from "./simulated-outcomes.ts";

const table = tableOf(
  Array.from({ length: 8 }, (_, index) => ({
    id: `q${index}`,
    label: index < 2 ? "maths" : "law",
    scores: [index < 2 ? 1 : 0, 0.5, index === 7 ? 0.25 : Number.NaN],
  })),
);
const seeds = [0, 1].map((seed) => ({ seed, folds: foldsOf(table, 2, seed) }));
// In seed 1 one law question goes to an arm that the table does not have, another to a cell that was not run.
const rule = (row: number, _: number, seed: number) =>
  row < 2 ? 0 : seed === 1 && row === 2 ? -1 : seed === 1 && row === 3 ? 2 : 1;
const collected = collectOutcomes({ table, seeds, records: recordsOf(table, seeds, "haps", [0], rule) });

describe("armShares", () => {
  it("averages over seeds and leaves out arms that the table does not have", () => {
    const [haps] = armShares(collected.methods);
    expect(haps).toEqual({ method: "haps", shares: [0.25, (6 / 8 + 4 / 8) / 2, 1 / 16] });
  });

  it("counts mixtures in fractions: random asks every arm that was run for a question", () => {
    const random = armShares(collected.methods).find(({ method }) => method === "random");
    expect(random?.shares[0]).toBeCloseTo((7 / 2 + 1 / 3) / 8, 14);
    expect(random?.shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 14);
  });
});

describe("labelBreakdown", () => {
  it("gives shares and scores of every label, in the order of the labels", () => {
    expect(labelBreakdown({ table, collected, label: "task" })).toEqual({
      name: "task",
      rows: [
        {
          label: "law",
          questions: 6,
          shares: [0, 10 / 12, 1 / 12],
          scores: [0, 0.5, 0.25],
          haps: 0.5,
          bestSingle: 0.5,
        },
        { label: "maths", questions: 2, shares: [1, 0, 0], scores: [1, 0.5, null], haps: 1, bestSingle: 0.5 },
      ],
    });
  });

  it("is null for a label that no question has, and keeps questions that lack it", () => {
    expect(labelBreakdown({ table, collected, label: "exam" })).toBeNull();
    const rows = table.rows.map((row, index) => (index === 0 ? { ...row, labels: {} } : row));
    const partly = labelBreakdown({ table: { ...table, rows }, collected, label: "task" });
    expect(partly?.rows.map(({ label, questions }) => [label, questions])).toEqual([
      ["(none)", 1],
      ["law", 6],
      ["maths", 1],
    ]);
  });

  it("refuses a method that is not there or mixes arms", () => {
    const ask = (method: string) => () => labelBreakdown({ table, collected, label: "task", method });
    expect(ask("hops")).toThrowErrorMatchingInlineSnapshot(
      `[HapsError: labelBreakdown: method "hops" is not among the methods; expected one of haps, best-single, oracle]`,
    );
    expect(ask("random")).toThrow(/mixes arms/);
  });
});

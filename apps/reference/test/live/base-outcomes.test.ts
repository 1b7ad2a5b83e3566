import { describe, expect, it } from "vitest";
import { baseOutcomes } from "../../src/live/base-outcomes.ts";
import type { LiveItem } from "../../src/live/live-benchmark.ts";
import { type Planted, plantedTable } from "./planted-outcomes.ts";

const items = Array.from(
  { length: 5 },
  (_, row): LiveItem => ({
    question: { id: `q${row}`, text: `Question ${row}?`, gold: { answer: "x" } },
    labels: { class: `c${row}`, chain: `${row}` },
  }),
);
const number = ({ question }: LiveItem): number => Number(question.id.slice(1));
/** Tells question and assignment apart. */
const planted: Planted = {
  score: (item) => [0, 1, 2, 3].map((code) => (10 * number(item) + code) / 100),
  cost: (item) => [0, 1, 2, 3].map((code) => 1000 + 10 * number(item) + code),
};

describe("outcomes of base models", () => {
  it("stand in the order of items and of assignments, however they were sampled", () => {
    const table = plantedTable(items, planted, [2, 0, 3, 1]);
    const asked = [4, 1, 2].map((row) => items[row] as LiveItem);
    const outcomes = baseOutcomes(table, asked);
    expect(outcomes.table.rows.map(({ question }) => question.id)).toEqual(["q4", "q1", "q2"]);
    expect(outcomes.table.rows.map(({ labels }) => labels.class)).toEqual(["c4", "c1", "c2"]);
    expect([0, 1, 2].map((row) => [...outcomes.quality(row)])).toEqual([
      [0.4, 0.41, 0.42, 0.43],
      [0.1, 0.11, 0.12, 0.13],
      [0.2, 0.21, 0.22, 0.23],
    ]);
    expect([...outcomes.cost(2)]).toEqual([1020, 1021, 1022, 1023]);
    expect(outcomes.table.arms.map((arm) => `${arm.teacher?.candidate} ${arm.student?.candidate}`)).toEqual([
      "small small",
      "small large",
      "large small",
      "large large",
    ]);
  });

  it("keep trials that failed as cells that were not run", () => {
    const failing = { ...planted, score: () => [0.5, Number.NaN, 1, 0] };
    const table = { ...plantedTable(items, failing, [1, 0, 3, 2]) };
    expect([...baseOutcomes(table, items).quality(3)]).toEqual([0.5, Number.NaN, 1, 0]);
  });

  it("refuse samples of other questions, of too few assignments, and without costs", () => {
    const table = plantedTable(items.slice(1), planted);
    expect(() => baseOutcomes(table, items)).toThrow(/question q0 was not sampled/);
    const three = plantedTable(items, planted, [0, 1, 3]);
    expect(() => baseOutcomes(three, items)).toThrow(/assignment \[1, 0\] was not sampled/);
    const { cost: _, ...free } = plantedTable(items, planted);
    expect(() => baseOutcomes(free, items)).toThrow(/no costs/);
  });
});

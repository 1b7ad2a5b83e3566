import { classTable, createRandomSource, type Outcomes, splitReferences } from "@haps/evaluation";
import { describe, expect, it } from "vitest";
import { type FixtureRow, tableOf } from "./fixture.ts";

const missing = Number.NaN;
const mean = ({ score }: Pick<Outcomes, "score">): number =>
  score.reduce((sum, value) => sum + value, 0) / score.length;
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

/** Arm `a` is right about sums, `b` about cities. */
function planted(questions: number) {
  const random = createRandomSource(5);
  return tableOf(
    Array.from({ length: questions }, (_, index): FixtureRow => {
      const label = random() < 0.5 ? "sum" : "city";
      return {
        id: `q${String(index).padStart(4, "0")}`,
        label,
        scores: [label === "sum" ? 1 : 0, label === "city" ? 1 : 0],
        costs: [1, 2],
      };
    }),
  );
}

describe("classTable", () => {
  it("sends each class to the arm that is best for it in the training rows", () => {
    const table = planted(200);
    const { classes, outcomes } = classTable(table, { train: range(0, 100), test: range(100, 200) }, { label: "task" });
    expect(classes.map(({ label, arm }) => [label, arm])).toEqual([
      ["city", 1],
      ["sum", 0],
    ]);
    expect(classes.reduce((sum, { testRows }) => sum + testRows, 0)).toBe(100);
    expect(mean(outcomes)).toBe(1);
  });

  it("gains nothing from classes that were permuted, and repeats for the same seed", () => {
    const table = planted(400);
    const fold = { train: range(0, 200), test: range(200, 400) };
    const run = (permute: number) => classTable(table, fold, { label: "task", permute });
    const [plain, control] = [classTable(table, fold, { label: "task" }), run(1)];
    expect(control.classes.map(({ testRows }) => testRows)).toEqual(plain.classes.map(({ testRows }) => testRows));
    // One half, with four standard errors of 200 rows.
    expect(mean(control.outcomes)).toBeLessThan(0.64);
    expect(run(1)).toEqual(control);
    expect(run(3).outcomes.score).not.toEqual(control.outcomes.score);
  });

  it("gives a class that no training row has to the best single arm", () => {
    const table = tableOf([
      { id: "q0", label: "seen", scores: [0, 1] },
      { id: "q1", label: "unrecorded", scores: [missing, missing] },
      { id: "q2", label: "new", scores: [1, 0.5] },
      { id: "q3", label: "unrecorded", scores: [1, 0.25] },
    ]);
    const { classes, outcomes } = classTable(table, { train: [0, 1], test: [3, 2] }, { label: "task" });
    expect(classes).toEqual([
      { label: "new", arm: 1, trainingRows: 0, testRows: 1 },
      { label: "seen", arm: 1, trainingRows: 1, testRows: 0 },
      { label: "unrecorded", arm: 1, trainingRows: 1, testRows: 1 },
    ]);
    expect([...outcomes.score]).toEqual([0.5, 0.25]);
  });

  it("puts rows without the label into one class", () => {
    const table = planted(40);
    const { classes } = classTable(table, { train: range(0, 20), test: range(20, 40) }, { label: "topic" });
    expect(classes).toMatchObject([{ label: "(none)", trainingRows: 20, testRows: 20 }]);
  });

  it("refuses a text on both sides", () => {
    expect(() => classTable(planted(4), { train: [0, 1], test: [1] }, { label: "task" })).toThrow(/training part/);
    expect(() => classTable(planted(4), { train: [0], test: [1] }, { label: "" })).toThrow(/label/);
  });
});

describe("splitReferences", () => {
  it("chooses on the training rows and scores every reference on the test rows, in the order of their ids", () => {
    const table = tableOf([
      { id: "q3", label: "x", scores: [0, 1, 0.5], costs: [1, 2, 3] },
      { id: "q0", label: "x", scores: [1, 0.25, 0], costs: [1, 2, 3] },
      { id: "q2", label: "x", scores: [0.75, 0.5, 1], costs: [1, 2, 3] },
    ]);
    const got = splitReferences(table, { train: [0], test: [2, 1] }, [{ label: "task" }]);
    expect(got.order).toEqual([1, 2]);
    expect([...(got.references.get("best-single")?.score ?? [])]).toEqual([0.25, 0.5]);
    expect([...(got.references.get("cheapest")?.score ?? [])]).toEqual([1, 0.75]);
    expect([...(got.references.get("random")?.score ?? [])]).toEqual([1.25 / 3, 0.75]);
    expect([...(got.references.get("oracle")?.score ?? [])]).toEqual([1, 1]);
    expect([...(got.classTables[0]?.score ?? [])]).toEqual([0.25, 0.5]);
    expect(got.statics.map(({ score }) => [...score])).toEqual([
      [1, 0.75],
      [0.25, 0.5],
      [0, 1],
    ]);
    expect([...(got.statics[2]?.cost ?? [])]).toEqual([3, 3]);
  });
});

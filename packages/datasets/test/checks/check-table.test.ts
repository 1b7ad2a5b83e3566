import { createHash } from "node:crypto";
import { checkTable, type Finding, type FindingCode, plantedSignal } from "@haps/datasets";
import type { OutcomeTable } from "@haps/spec";
import { describe, expect, it } from "vitest";
import { contradict, signTest } from "../../src/checks/sampling.ts"; // internal
import { type InventedRow, inventedTable } from "./invented-table.ts";

const find = (table: OutcomeTable, code: FindingCode): readonly Finding[] =>
  checkTable(table).filter((finding) => finding.code === code);
const codes = (table: OutcomeTable): readonly FindingCode[] => checkTable(table).map(({ code }) => code);
const rowsOf = (count: number, row: (index: number) => InventedRow): readonly InventedRow[] =>
  Array.from({ length: count }, (_, index) => row(index));
/** 0 or 1 without pattern, from a hash. */
const bit = (index: number, stream: number): number =>
  (createHash("sha256").update(`${index}/${stream}`).digest()[0] ?? 0) & 1;
const costs = (count: number, cost: (index: number) => readonly number[]): OutcomeTable =>
  inventedTable(
    rowsOf(count, (index) => ({ scores: cost(index).map((_, arm) => bit(index, arm)), costs: cost(index) })),
  );

describe("checkTable", () => {
  it("finds nothing but the source's own warnings in a table without fault", () => {
    const { table } = plantedSignal({ questions: 600, arms: 4, effect: 0.2, noise: 0.3, seed: 1 });
    expect(checkTable(table)).toEqual([
      { severity: "warning", code: "source-warning", message: table.warnings[0], facts: { table: table.id } },
    ]);
  });

  it("lists errors before warnings before notes, as plain JSON", () => {
    const table = inventedTable(rowsOf(30, (index) => ({ scores: [bit(index, 0), 1, null] })));
    table.score[0] = 7;
    const findings = checkTable(table);
    const order = { error: 0, warning: 1, note: 2 };
    const ranks = findings.map(({ severity }) => order[severity]);
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
    expect(new Set(ranks).size).toBe(3);
    expect(JSON.parse(JSON.stringify(findings))).toEqual(findings);
    expect(new Set(findings.map(({ message }) => message)).size).toBe(findings.length);
  });

  it("refuses to look into arrays of the wrong size", () => {
    const table = inventedTable([{ scores: [1, 0] }]);
    expect(codes({ ...table, samples: new Float64Array(3) })).toEqual(["wrong-size"]);
    expect(codes({ ...table, cost: new Float64Array(1) })).toEqual(["wrong-size"]);
  });
});

describe("checkTable on scores", () => {
  it("finds scores outside 0 to 1, and infinite ones", () => {
    const table = inventedTable(rowsOf(4, () => ({ scores: [0.5, 0.5] })));
    table.score.set([85, -0.1], 0);
    table.score[3] = Number.POSITIVE_INFINITY;
    const found = find(table, "score-out-of-range");
    expect(found.map(({ severity, facts }) => [severity, facts.arm, facts.cells, facts.lowest, facts.highest])).toEqual(
      [
        ["error", "a", 1, 85, 85],
        ["error", "b", 2, -0.1, Number.POSITIVE_INFINITY],
      ],
    );
    expect(found[0]?.message).toBe("a: 1 of 4 (25.0%) scores are outside 0 to 1; divide percents by 100");
  });

  it("finds constant arms and arms that are copies, from twenty questions on", () => {
    const row = (index: number): InventedRow => ({ scores: [bit(index, 0), 0, bit(index, 0), bit(index, 1)] });
    expect(find(inventedTable(rowsOf(20, row)), "constant-arm").map(({ facts }) => facts.arm)).toEqual(["b"]);
    expect(find(inventedTable(rowsOf(20, row)), "twin-arms").map(({ facts }) => facts.arms)).toEqual([["a", "c"]]);
    expect(find(inventedTable(rowsOf(19, row)), "constant-arm")).toEqual([]);
    expect(find(inventedTable(rowsOf(19, row)), "twin-arms")).toEqual([]);
  });
});

describe("checkTable on texts", () => {
  it("finds texts that differ in case and white space only, but not the same text with another context", () => {
    const table = inventedTable([
      { text: "Who?", scores: [1] },
      { text: " who? ", scores: [1] },
      { text: "why?", context: ["a"], scores: [1] },
      { text: "why?", context: ["b"], scores: [1] },
      { text: "what?", scores: [1] },
    ]);
    const [found, ...others] = find(table, "duplicate-texts");
    expect(others).toEqual([]);
    expect(found?.facts).toEqual({ texts: 1, rows: 2, examples: [["q0", "q1"]] });
    expect(found?.message).toMatch(/^1 texts stand in 2 of 5 \(40.0%\) rows under several ids; split by text/);
  });

  it("finds texts that stand in two splits", () => {
    const table = inventedTable([
      { text: "a", split: "train", scores: [1] },
      { text: "b", split: "train", scores: [1] },
      { text: "A", split: "test", scores: [1] },
      { text: "c", split: "test", scores: [1] },
      { text: "b", scores: [1] },
    ]);
    expect(find(table, "shared-texts").map(({ facts }) => facts)).toEqual([
      { splits: ["train", "test"], texts: 1, examples: [["q0", "q2"]] },
    ]);
    expect(find(table, "duplicate-texts").length).toBe(0);
  });

  it("finds rows of one question that contradict each other by more than their samples explain", () => {
    const twice = (samples: number, first: readonly number[], second: readonly number[]): OutcomeTable =>
      inventedTable([
        { text: "a", samples, scores: first },
        { text: "a", samples, scores: second },
      ]);
    const beyond = find(twice(10, [0, 0.5], [0.9, 0.6]), "contradicting-rows");
    expect(beyond.map(({ severity, facts }) => [severity, facts])).toEqual([
      ["warning", { pairs: 1, cells: 2, differing: 2, contradicting: 1, costs: 0, examples: [["q0", "q1"]] }],
    ]);
    expect(find(twice(1, [0, 1], [1, 1]), "contradicting-rows").map(({ severity }) => severity)).toEqual(["note"]);
    expect(find(twice(10, [0.2, 1], [0.2, 1]), "contradicting-rows")).toEqual([]);
  });

  it("finds costs of one question and arm that are more than ten times apart", () => {
    const table = inventedTable([
      { text: "a", scores: [1, 1], costs: [1, 1] },
      { text: "a", scores: [1, 1], costs: [11, 9] },
    ]);
    expect(find(table, "contradicting-rows")[0]?.facts).toMatchObject({ costs: 1, differing: 0 });
  });
});

describe("contradict and signTest", () => {
  it("follows the pooled standard error", () => {
    // p = 0.5, standard error sqrt(0.25 * (1/50 + 1/50)) = 0.1: four of them are 0.4.
    expect(contradict(0.3, 50, 0.7, 50)).toBe(false);
    expect(contradict(0.29, 50, 0.71, 50)).toBe(true);
    expect(contradict(0, 1, 1, 1)).toBe(false);
    expect(contradict(0, 1000, 0, 1)).toBe(false);
  });

  it("is the upper tail of the binomial distribution", () => {
    // Counted by hand from Pascal's triangle: rows 4 and 10.
    expect(signTest(3, 4)).toBeCloseTo(5 / 16, 14);
    expect(signTest(8, 10)).toBeCloseTo((45 + 10 + 1) / 1024, 14);
    expect(signTest(0, 0)).toBe(1);
    expect(signTest(0, 5)).toBeCloseTo(1, 14);
    // Symmetry, where a power of two would underflow: P(X >= n/2 + 1/2) of an odd n is a half.
    expect(signTest(1001, 2001)).toBeCloseTo(0.5, 9);
  });
});

describe("checkTable on columns of two splits", () => {
  /** `count` texts in both splits; `twin(index, arm)` scores the second. */
  const split = (count: number, twin: (index: number, arm: number) => number, arms = 4): OutcomeTable =>
    inventedTable([
      ...rowsOf(count, (index) => ({
        text: `t${index}`,
        split: "train",
        scores: Array.from({ length: arms }, (_, arm) => bit(index, arm)),
      })),
      ...rowsOf(count, (index) => ({
        text: `T${index}`,
        split: "test",
        scores: Array.from({ length: arms }, (_, arm) => twin(index, arm)),
      })),
    ]);
  /** A few scores of the second run differ, as they do in truth. */
  const noisy = (index: number, arm: number): number => (index % 9 === arm ? 1 - bit(index, arm) : bit(index, arm));

  it("finds nothing where every column agrees best with itself", () => {
    expect(find(split(80, noisy), "swapped-columns")).toEqual([]);
  });

  it("finds two swapped columns and leaves the others alone", () => {
    const swap = [0, 3, 2, 1];
    const found = find(
      split(80, (index, arm) => noisy(index, swap[arm] ?? 0)),
      "swapped-columns",
    );
    expect(found.map(({ severity, facts }) => [severity, facts.columns, facts.mutual, facts.texts])).toEqual([
      ["error", ["b", "d"], true, 80],
    ]);
    expect(found[0]?.message).toMatch(
      /^b and d look swapped between splits "train" and "test": they agree crosswise in \d+% and \d+% against \d+% and \d+% with themselves, on 80 texts of both; use one split only/,
    );
    const { itself = [], partner = [] } = (found[0]?.facts.agreement ?? {}) as Record<string, number[]>;
    expect(Math.min(...partner)).toBeGreaterThan(0.8);
    expect(Math.max(...itself)).toBeLessThan(0.7);
  });

  it("finds columns that moved in a circle", () => {
    const circle = [1, 2, 0, 3];
    const found = find(
      split(80, (index, arm) => noisy(index, circle[arm] ?? 0)),
      "swapped-columns",
    );
    expect(found.map(({ severity, facts }) => [severity, facts.columns, facts.mutual])).toEqual([
      ["error", ["a", "c"], false],
      ["error", ["b", "a"], false],
      ["error", ["c", "b"], false],
    ]);
  });

  it("calls a weak case a note, and too few texts untested", () => {
    // Columns a and b differ on two texts only, so a swap of them leaves no evidence to speak of.
    const alike = (index: number, arm: number): number => (arm < 2 && index < 2 ? arm : bit(index, arm < 2 ? 0 : arm));
    const table = inventedTable([
      ...rowsOf(40, (index) => ({
        text: `t${index}`,
        split: "train",
        scores: [0, 1, 2].map((arm) => alike(index, arm)),
      })),
      ...rowsOf(40, (index) => ({
        text: `t${index}`,
        split: "test",
        scores: [1, 0, 2].map((arm) => alike(index, arm)),
      })),
    ]);
    expect(find(table, "swapped-columns").map(({ severity, facts }) => [severity, facts.columns])).toEqual([
      ["note", ["a and b"]],
    ]);
    expect(find(split(9, noisy), "swaps-untested").map(({ facts }) => facts.texts)).toEqual([9]);
  });
});

describe("checkTable on costs", () => {
  it("notes that there is none, and warns of costs without unit or in part of the cells", () => {
    expect(find(inventedTable([{ scores: [1, 0] }]), "cost-missing").map(({ severity }) => severity)).toEqual(["note"]);
    const table = costs(30, (index) => [1 + index / 30, 2]);
    expect(codes(table)).toEqual([]);
    expect(codes({ ...table, costUnit: "unknown" })).toEqual(["cost-unit-unknown"]);
    table.cost?.set([Number.NaN], 3);
    expect(find(table, "cost-missing").map(({ severity, facts }) => [severity, facts])).toEqual([
      ["warning", { cells: 1, run: 60 }],
    ]);
  });

  it("tells negative costs, some that are 0, and arms that are free", () => {
    const table = costs(20, (index) => [index === 3 ? 0 : 1, 0, 2]);
    table.cost?.set([-1], 2);
    const found = checkTable(table).map(({ severity, code, facts }) => [severity, code, facts.cellsByArm]);
    expect(found).toEqual([
      ["error", "cost-negative", { c: 1 }],
      ["warning", "cost-zero", { a: 1 }],
      ["note", "cost-zero", { b: 20 }],
    ]);
  });

  it.each([1000, 1e6, 1 / 1000])("finds rows whose costs are %d times the others, as of another unit", (factor) => {
    const table = costs(60, (index) => {
      const cost = 0.002 * (1 + (index % 7));
      return [index % 20 === 4 ? cost * factor : cost, cost];
    });
    const [found, ...others] = find(table, "cost-scale");
    expect(others).toEqual([]);
    expect(found?.severity).toBe("warning");
    expect(found?.facts).toMatchObject({ arm: "a", cells: 3, examples: ["q4", "q24", "q44"] });
    expect(Math.log10(found?.facts.ratio as number)).toBeCloseTo(Math.abs(Math.log10(factor)), -0.3);
  });

  it("takes costs that spread over three powers of ten without a gap for lengths", () => {
    expect(codes(costs(60, (index) => [10 ** (index / 20), 2]))).toEqual([]);
  });

  it("warns of settings of one candidate that are 1,000 times apart and notes candidates that are", () => {
    const row = (index: number): InventedRow => ({
      scores: [bit(index, 0), bit(index, 1)],
      costs: [1 + index / 30, 1000],
    });
    const settings = ["short", "long"].map((prompt) => ["m", { prompt }] as const);
    const same = find(inventedTable(rowsOf(30, row), settings), "cost-scale");
    expect(same.map(({ severity, facts }) => [severity, facts.dearest])).toEqual([["warning", "m · prompt=long"]]);
    expect(find(inventedTable(rowsOf(30, row)), "cost-scale").map(({ severity }) => severity)).toEqual(["note"]);
  });
});

describe("checkTable on cells that were not run", () => {
  it("counts them by arm and warns where arms ran on different questions", () => {
    const even = inventedTable([
      ...rowsOf(38, () => ({ scores: [1, 0] })),
      { scores: [1, null] },
      { scores: [null, 0] },
    ]);
    const uneven = inventedTable(rowsOf(40, (index) => ({ scores: [1, index < 30 ? 0 : null] })));
    const facts = (table: OutcomeTable): readonly unknown[] =>
      find(table, "empty-cells").map((found) => [found.severity, found.facts]);
    const shares = (a: number, b: number): object => ({ a: expect.closeTo(a, 12), b: expect.closeTo(b, 12) });
    expect(facts(even)).toEqual([["note", { cells: 2, share: 2 / 80, emptyShareByArm: shares(1 / 40, 1 / 40) }]]);
    expect(facts(uneven)).toEqual([["warning", { cells: 10, share: 10 / 80, emptyShareByArm: { b: 0.25 } }]]);
  });

  it("names arms and questions that were never run", () => {
    const table = inventedTable([{ scores: [1, null] }, { scores: [null, null] }]);
    expect(find(table, "arm-never-run").map(({ facts }) => facts)).toEqual([{ arms: ["b"] }]);
    expect(find(table, "question-never-run").map(({ facts }) => facts)).toEqual([{ questions: 1, examples: ["q1"] }]);
  });

  it("warns of a log of chosen arms without propensity", () => {
    const table = inventedTable(rowsOf(4, (index) => ({ scores: index % 2 === 0 ? [1, null] : [null, 0] })));
    expect(find(table, "no-propensity").map(({ severity }) => severity)).toEqual(["warning"]);
    expect(find({ ...table, propensity: table.score.map(() => 0.5) }, "no-propensity")).toEqual([]);
  });
});

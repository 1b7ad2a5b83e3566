import { bestSingleArm, cheapestArm, referenceOutcomes, summariseArms } from "@haps/evaluation";
import { describe, expect, it } from "vitest";
import { tableOf } from "./fixture.ts";

const missing = Number.NaN;
const halfAndHalf = (count: number) => [
  { train: range(count / 2, count), test: range(0, count / 2) },
  { train: range(0, count / 2), test: range(count / 2, count) },
];
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

describe("bestSingleArm", () => {
  const table = tableOf([
    { id: "q0", scores: [0.2, 0.9, 1], costs: [1, 4, 9] },
    { id: "q1", scores: [0.2, 0.7, missing], costs: [1, 4, missing] },
    { id: "q2", scores: [0.9, 0.1, missing], costs: [1, 4, missing] },
    { id: "q3", scores: [0.9, 0.1, missing], costs: [1, 4, missing] },
    { id: "q4", scores: [0.9, 0.1, missing], costs: [1, 4, missing] },
  ]);

  it("takes the best mean of the given rows only", () => {
    expect(bestSingleArm(table, [0, 1, 2])).toMatchObject({ arm: 1, recorded: 3 });
    expect(bestSingleArm(table, [2, 3])).toMatchObject({ arm: 0, score: 0.9, cost: 1 });
  });

  it("passes over an arm with a few lucky rows", () => {
    expect(bestSingleArm(table, [0, 1, 2]).arm).not.toBe(2);
    expect(bestSingleArm(table, [0, 1]).arm).toBe(2);
  });

  it("gives ties to the cheaper arm, then to the first", () => {
    const tied = tableOf([{ id: "q", scores: [0.5, 0.5, 0.5], costs: [3, 2, 2] }]);
    expect(bestSingleArm(tied, [0]).arm).toBe(1);
    expect(bestSingleArm(tableOf([{ id: "q", scores: [0.5, 0.5] }]), [0]).arm).toBe(0);
  });

  it("refuses rows in which nothing was run", () => {
    const empty = tableOf([{ id: "q", scores: [missing, missing] }]);
    expect(() => bestSingleArm(empty, [0])).toThrowErrorMatchingInlineSnapshot(
      `[HapsError: bestSingleArm: no arm has a recorded outcome in these rows; expected at least one; record outcomes or use fewer folds]`,
    );
  });
});

describe("cheapestArm", () => {
  it("takes the lowest mean cost, and the better arm in a tie", () => {
    const table = tableOf([{ id: "q", scores: [0.1, 0.5, 0.9], costs: [2, 2, 3] }]);
    expect(cheapestArm(table, [0]).arm).toBe(1);
  });

  it("refuses rows without costs", () => {
    expect(() => cheapestArm(tableOf([{ id: "q", scores: [1] }]), [0])).toThrow(/no arm/);
  });
});

describe("summariseArms", () => {
  it("leaves out what was not run instead of scoring it 0", () => {
    const table = tableOf([
      { id: "q0", scores: [missing, missing], costs: [missing, missing] },
      { id: "q1", scores: [0.8, missing], costs: [missing, missing] },
      { id: "q2", scores: [0.4, missing], costs: [5, missing] },
    ]);
    const [first, second] = summariseArms(table, [0, 1, 2]);
    expect(first?.score).toBeCloseTo(0.6, 15);
    expect(first).toMatchObject({ cost: 5, recorded: 2 });
    expect(second).toEqual({ arm: 1, score: missing, cost: missing, recorded: 0 });
  });
});

describe("referenceOutcomes", () => {
  const table = tableOf([
    {
      id: "q0",
      scores: [1, 0, 0.5],
      costs: [4, 2, 1],
      halves: [
        [1, 0, 0],
        [0.6, 0, 1],
      ],
    },
    {
      id: "q1",
      scores: [1, 0, 0.5],
      costs: [4, 2, 1],
      halves: [
        [1, 1, 0],
        [0, 0.5, 1],
      ],
    },
    {
      id: "q2",
      scores: [0, 1, 1],
      costs: [4, 2, 1],
      halves: [
        [0, 0, 0],
        [0.3, 0.6, 0.9],
      ],
    },
    {
      id: "q3",
      scores: [0, 1, missing],
      costs: [4, 2, missing],
      halves: [
        [0, 1, missing],
        [0, 1, missing],
      ],
    },
  ]);
  const outcomes = referenceOutcomes(table, halfAndHalf(4), [0, 1, 2, 3]);

  it("chooses the best single and the cheapest arm on the training part of each fold", () => {
    // Rows 2 and 3 favour c, as good as b and cheaper; rows 0 and 1 favour a, which fails on 2 and 3.
    expect([...(outcomes.get("best-single")?.score ?? [])]).toEqual([0.5, 0.5, 0, 0]);
    expect([...(outcomes.get("best-single")?.cost ?? [])]).toEqual([1, 1, 4, 4]);
    expect([...(outcomes.get("cheapest")?.score ?? [])]).toEqual([0.5, 0.5, 1, missing]);
  });

  it("gives random the mean of the arms run for the question", () => {
    expect([...(outcomes.get("random")?.score ?? [])]).toEqual([0.5, 0.5, 2 / 3, 0.5]);
    expect([...(outcomes.get("random")?.cost ?? [])]).toEqual([7 / 3, 7 / 3, 7 / 3, 3]);
    const frequencies = outcomes.get("random")?.frequencies ?? new Float64Array();
    expect(frequencies[0]).toBeCloseTo(1.5, 12);
    expect(frequencies[2]).toBeCloseTo(1, 12);
  });

  it("gives the oracle the best arm of each question, the cheapest of tied ones", () => {
    expect([...(outcomes.get("oracle")?.score ?? [])]).toEqual([1, 1, 1, 1]);
    expect([...(outcomes.get("oracle")?.chosen ?? [])]).toEqual([0, 0, 2, 1]);
  });

  it("chooses by one half of the samples and scores by the other, both ways, sharing ties", () => {
    const score = outcomes.get("oracle-halves")?.score ?? new Float64Array();
    // q0: a by the first half gets 0.6 in the second; c by the second gets 0 in the first.
    expect(score[0]).toBeCloseTo((0.6 + 0) / 2, 12);
    // q1: a and b tie in the first half and get 0 and 0.5; c gets 0.
    expect(score[1]).toBeCloseTo((0.25 + 0) / 2, 12);
    // q2: all tie in the first half; c by the second gets 0.
    expect(score[2]).toBeCloseTo((0.6 + 0) / 2, 12);
    expect(score[3]).toBe(1);
  });

  it("has no cheapest without costs and no halves without samples", () => {
    const plain = tableOf(["q0", "q1"].map((id) => ({ id, scores: [1, 0] })));
    expect([...referenceOutcomes(plain, halfAndHalf(2), [0, 1]).keys()]).toEqual(["best-single", "random", "oracle"]);
  });

  it("leaves a question without any run unrecorded", () => {
    const partly = tableOf([
      { id: "q0", scores: [1, 0] },
      { id: "q1", scores: [missing, missing] },
    ]);
    const got = referenceOutcomes(partly, [{ train: [0], test: [1] }], [0, 1]);
    for (const [name, { score }] of got) expect(score[1], name).toBeNaN();
  });
});

import { describe, expect, it } from "vitest";
import { chooseAction, ofAssignment, openAssignments } from "../src/choose-action.ts"; // internal
import { indexOfBest } from "../src/index-of-best.ts"; // internal

const open = [true, true, true];

describe("chooseAction", () => {
  it("leaves the best action on train only for an estimated gain above the margin", () => {
    const means = [0.5, 0.8, 0.2];
    const scores = [0.5, 0.25, 0];
    expect(chooseAction({ scores, means, open, margin: 0.2 })).toEqual({ chosen: 0, reference: 1 });
    expect(chooseAction({ scores, means, open, margin: 0.25 })).toEqual({ chosen: 1, reference: 1 });
    expect(chooseAction({ scores, means, open, margin: Number.POSITIVE_INFINITY })).toEqual({
      chosen: 1,
      reference: 1,
    });
  });

  it("compares open actions only, those that were never run by their estimates", () => {
    const means = [0.9, 0.8, Number.NaN];
    const closed = [false, true, true];
    expect(chooseAction({ scores: [9, 0, 1], means, open: closed, margin: 0 })).toEqual({ chosen: 2, reference: 1 });
    expect(chooseAction({ scores: [9, 0, 1], means, open: [false, false, true], margin: 5 })).toEqual({
      chosen: 2,
      reference: 2,
    });
  });
});

describe("indexOfBest", () => {
  it("takes the first of equals, passes over NaN and what is not allowed, and is -1 for nothing", () => {
    expect(indexOfBest([1, 3, 3, Number.NaN])).toBe(1);
    expect(indexOfBest([Number.NaN, -2])).toBe(1);
    expect(indexOfBest([5, 1, 4], [false, true, true])).toBe(2);
    expect(indexOfBest([5, Number.NaN], [false, true])).toBe(-1);
    expect(indexOfBest([])).toBe(-1);
  });
});

describe("assignments of open actions", () => {
  const assignments = [
    [0, 1],
    [0, 1],
    [1, 0],
    [2, 2],
  ];

  it("are listed once, in the order of the actions, and open their own actions", () => {
    const some = [true, true, true, false];
    expect(openAssignments(some, assignments)).toEqual(["0,1", "1,0"]);
    expect(ofAssignment(some, assignments, "0,1")).toEqual([true, true, false, false]);
    expect(ofAssignment(some, assignments, "2,2")).toEqual([false, false, false, false]);
  });
});

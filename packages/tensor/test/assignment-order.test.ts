import { allAssignments, assignmentCode, assignmentOf } from "@haps/tensor";
import { describe, expect, it } from "vitest";

describe("the order of assignments", () => {
  it("counts with role 0 most significant", () => {
    expect(allAssignments(2, 3)).toEqual([0, 1, 2].flatMap((first) => [0, 1, 2].map((second) => [first, second])));
    expect(allAssignments(0, 3)).toEqual([[]]);
  });

  it("gives every assignment the number that it comes from", () => {
    for (const [roles, candidates] of [
      [1, 4],
      [3, 2],
      [4, 5],
    ] as const) {
      for (let code = 0; code < candidates ** roles; code += 1) {
        expect(assignmentCode(assignmentOf(code, roles, candidates), candidates)).toBe(code);
      }
    }
  });
});

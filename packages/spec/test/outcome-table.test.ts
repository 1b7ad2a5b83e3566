import { type OutcomeTable, selectRows, singleRoleArm } from "@haps/spec";
import { describe, expect, it } from "vitest";

const table: OutcomeTable = {
  id: "simulated",
  task: { id: "t", description: "", roles: [{ id: "answerer", description: "" }] },
  pool: { candidates: [] },
  rows: ["a", "b", "c"].map((id) => ({ question: { id, text: id }, group: id, labels: {} })),
  arms: [singleRoleArm("m"), singleRoleArm("n")],
  score: Float64Array.of(1, 2, 3, 4, 5, Number.NaN),
  samples: Float64Array.of(1, 1, 1, 1, 1, 0),
  halves: { first: Float64Array.of(1, 2, 3, 4, 5, 6), second: Float64Array.of(6, 5, 4, 3, 2, 1) },
  hash: "0",
  warnings: [],
};

describe("selectRows", () => {
  it("picks rows in the order asked for and keeps cells that were not run", () => {
    const picked = selectRows(table, [2, 0]);
    expect(picked.rows.map((row) => row.question.id)).toEqual(["c", "a"]);
    expect([...picked.score]).toEqual([5, Number.NaN, 1, 2]);
    expect([...(picked.halves?.second ?? [])]).toEqual([2, 1, 6, 5]);
    expect(picked.cost).toBeUndefined();
  });

  it("shares no memory with the original and refuses rows that do not exist", () => {
    const picked = selectRows(table, [0]);
    picked.score[0] = 9;
    expect(table.score[0]).toBe(1);
    expect(() => selectRows(table, [3])).toThrow("row 3 does not exist");
  });
});

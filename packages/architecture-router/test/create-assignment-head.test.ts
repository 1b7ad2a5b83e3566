import { type AssignmentHeadOptions, createAssignmentHead, JOINT_LIMIT } from "@haps/architecture-router";
import { createRng, tidyValue } from "@haps/tensor";
import { describeEachBackend } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const options = (changed: Partial<AssignmentHeadOptions> = {}): AssignmentHeadOptions => ({
  roles: 2,
  candidates: 3,
  hiddenDimension: 4,
  rng: createRng(1),
  ...changed,
});

const failing = (code: string, text: string): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as unknown });

describeEachBackend("createAssignmentHead", () => {
  it("refuses a joint form with more assignments than it scores, and says what to use", () => {
    expect(JOINT_LIMIT).toBe(256);
    const head = createAssignmentHead(options({ roles: 8, candidates: 2 }));
    expect(head.variables.get("quality/weight").shape).toEqual([256, 4]);
    head.variables.dispose();
    expect(() => createAssignmentHead(options({ roles: 4, candidates: 5 }))).toThrowErrorMatchingInlineSnapshot(
      `[ConfigError: createAssignmentHead: form: joint would need 625 logits for 5 candidates in 4 roles; expected at most 256; use "autoregressive" or "independent"]`,
    );
    expect(() => createAssignmentHead(options({ roles: 200, candidates: 200 }))).toThrow(failing("config", "form:"));
  });

  it.each<[string, object]>([
    ["roles", { roles: 0 }],
    ["candidates", { candidates: 1.5 }],
    ["hiddenDimension", { hiddenDimension: -1 }],
    ["form", { form: "chain" }],
    ["initialScale", { initialScale: Number.NaN }],
    ['did you mean "candidates"?', { candidate: 3 }],
  ])("names the field %s of a bad configuration", (field, changed) => {
    expect(() => createAssignmentHead(options(changed))).toThrow(failing("config", field));
  });

  it("starts near the uniform policy", () => {
    for (const form of ["joint", "autoregressive", "independent"] as const) {
      const head = createAssignmentHead(options({ form }));
      const logProbs = tidyValue(() => [
        ...head
          .forward(tf.ones([1, 4]), tf.ones([1]))
          .allLogProbs()
          .dataSync(),
      ]);
      for (const logProb of logProbs) expect(Math.abs(logProb + Math.log(9))).toBeLessThan(0.2);
      expect(new Set(logProbs).size).toBeGreaterThan(1);
      head.variables.dispose();
    }
  });
});

describeEachBackend("AssignmentHead.forward", () => {
  const refuse = (run: (head: ReturnType<typeof createAssignmentHead>) => unknown, failure: unknown): void => {
    for (const form of ["joint", "autoregressive", "independent"] as const) {
      const head = createAssignmentHead(options({ form }));
      expect(() => tidyValue(() => run(head))).toThrow(failure);
      head.variables.dispose();
    }
  };

  it("refuses tensors of other shapes", () => {
    refuse((head) => head.forward(tf.ones([2, 5]), tf.zeros([2])), failing("shape", "hidden"));
    refuse((head) => head.forward(tf.ones([2, 4]), tf.zeros([3])), failing("shape", "costWeights"));
    refuse((head) => head.forward(tf.zeros([0, 4]), tf.zeros([0])), failing("shape", "no rows"));
    const values = tf.zeros<tf.Rank.R2>([2, 2]);
    refuse((head) => head.forward(tf.ones([2, 4]), tf.zeros([2]), { values }), failing("shape", "values"));
    values.dispose();
  });

  it("refuses masks that do not fit or leave nothing", () => {
    const forward = (legal: boolean[][]) => (head: ReturnType<typeof createAssignmentHead>) =>
      head.forward(tf.ones([2, 4]), tf.zeros([2]), { legal });
    const all = [true, true, true];
    refuse(forward([all]), failing("shape", "legal"));
    refuse(forward([all, [true]]), failing("shape", "legal[1]"));
    refuse(forward([all, [false, false, false]]), failing("config", "row 1 allows none of 3 candidates"));
  });

  it("refuses assignments that are no assignments of the batch", () => {
    const logProb = (assignments: number[][]) => (head: ReturnType<typeof createAssignmentHead>) =>
      head.forward(tf.ones([1, 4]), tf.zeros([1]), { legal: [[true, false, true]] }).logProb(assignments);
    refuse(logProb([]), failing("shape", "assignments"));
    refuse(logProb([[0]]), failing("shape", "assignments[0]"));
    refuse(logProb([[0, 1]]), failing("unknown-candidate", "candidate 1 of role 1 in row 0"));
    refuse(logProb([[3, 0]]), failing("unknown-candidate", "candidate 3 of role 0"));
    refuse(logProb([[-1, 0]]), failing("unknown-candidate", "candidate -1"));
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses a ranking of length %s", (limit) => {
    refuse((head) => head.forward(tf.ones([1, 4]), tf.zeros([1])).top(limit), failing("config", "limit"));
  });
});

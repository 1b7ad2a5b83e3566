import { createScoredAssignments } from "@haps/architecture-router";
import { type AssignmentScorer, createRng, tidyValue } from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { allAssignments } from "./oracle.ts";

interface Table extends AssignmentScorer {
  /** What was asked of `next`, call by call. */
  readonly calls: (readonly (readonly (readonly number[])[])[])[];
  stepScore(row: number, prefix: readonly number[], candidate: number): number;
  wholeScore(row: number, code: number): number;
}

/** Scores drawn for every prefix and candidate, and for every whole assignment. */
function tableOf(batch: number, roles: number, candidates: number, factor: tf.Tensor = tf.scalar(1)): Table {
  const rng = createRng(3);
  const draw = (name: string): number => rng.fork(name).normals(1, 2)[0] as number;
  const stepScore = (row: number, prefix: readonly number[], candidate: number): number =>
    draw(`${row}:${prefix.join()}:${candidate}`);
  const wholeScore = (row: number, code: number): number => draw(`${row}#${code}`);
  const calls: Table["calls"] = [];
  return {
    batch,
    roles,
    candidates,
    calls,
    stepScore,
    wholeScore,
    next(prefixes) {
      calls.push(prefixes);
      const rows = prefixes.flatMap((asked, row) =>
        asked.map((prefix) => Array.from({ length: candidates }, (_, index) => stepScore(row, prefix, index))),
      );
      return tf.tidy(() => tf.mul(tf.tensor2d(rows), factor));
    },
    joint: () =>
      tf.tidy(() =>
        tf.mul(
          tf.tensor2d(
            Array.from({ length: batch }, (_, row) =>
              Array.from({ length: candidates ** roles }, (_unused, code) => wholeScore(row, code)),
            ),
          ),
          factor,
        ),
      ),
  };
}

function softmax(scores: readonly number[]): number[] {
  const weights = scores.map(Math.exp);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** `[row][assignment]`, from the definition. */
function probabilities(
  table: Table,
  form: "joint" | "autoregressive",
  legal: readonly (readonly boolean[])[],
  values: readonly (readonly number[])[],
): number[][] {
  const { roles, candidates } = table;
  const assignments = allAssignments(roles, candidates);
  return legal.map((allowed, row) => {
    const worth = (candidate: number): number =>
      allowed[candidate] === true ? (values[row]?.[candidate] as number) : Number.NEGATIVE_INFINITY;
    if (form === "joint") {
      return softmax(
        assignments.map((assignment, code) =>
          assignment.reduce((sum, candidate) => sum + worth(candidate), table.wholeScore(row, code)),
        ),
      );
    }
    return assignments.map((assignment) =>
      assignment.reduce((product, candidate, role) => {
        const prefix = assignment.slice(0, role);
        const step = softmax(
          Array.from({ length: candidates }, (_, other) => table.stepScore(row, prefix, other) + worth(other)),
        );
        return product * (step[candidate] as number);
      }, 1),
    );
  });
}

const LEGAL = [
  [true, true, true],
  [true, false, true],
];
const VALUES = [
  [0.5, -1, 0.25],
  [1, 2, -0.5],
];

describeEachBackend("createScoredAssignments", () => {
  it.each(["joint", "autoregressive"] as const)("follows its formula, mask and values included [%s]", (form) => {
    tidyValue(() => {
      const table = tableOf(2, 3, 3);
      const distribution = createScoredAssignments(table, { form, legal: LEGAL, values: tf.tensor2d(VALUES) });
      const expected = probabilities(table, form, LEGAL, VALUES);
      const got = tf.exp(distribution.allLogProbs());
      expectClose(got, expected.flat(), { atol: 1e-6 });
      expectClose(tf.sum(got, 1), [1, 1], { atol: 1e-5 });
      const assignments = allAssignments(3, 3);
      tf.reshape<tf.Rank.R2>(got, [2, 27])
        .arraySync()
        .forEach((row, index) => {
          row.forEach((probability, code) => {
            const allowed = (assignments[code] as number[]).every((candidate) => LEGAL[index]?.[candidate]);
            expect(probability > 0).toBe(allowed);
          });
        });
      const chosen = [
        [2, 1, 0],
        [0, 2, 2],
      ];
      expectClose(
        distribution.logProb(chosen),
        chosen.map(([a = 0, b = 0, c = 0], row) => Math.log(expected[row]?.[9 * a + 3 * b + c] as number)),
        { atol: 1e-5 },
      );
      distribution.top(30).forEach((ranking, row) => {
        const best = (expected[row] as number[]).filter((value) => value > 0).sort((a, b) => b - a);
        expectClose(
          ranking.map(({ logProb }) => Math.exp(logProb)),
          best,
          { atol: 1e-6 },
        );
      });
      distribution.marginals().forEach((marginals, row) => {
        marginals.forEach((weights, role) => {
          const sums = [0, 0, 0];
          assignments.forEach((assignment, code) => {
            const candidate = assignment[role] as number;
            sums[candidate] = (sums[candidate] as number) + (expected[row]?.[code] as number);
          });
          expectClose(weights, sums, { atol: 1e-6 });
        });
      });
    });
  });

  it("asks for one path per row in one call, and for a listing in one", () => {
    tidyValue(() => {
      const table = tableOf(2, 3, 3);
      const distribution = createScoredAssignments(table, { form: "autoregressive" });
      distribution.logProb([
        [2, 1, 0],
        [0, 0, 1],
      ]);
      expect(table.calls).toEqual([
        [
          [[], [2], [2, 1]],
          [[], [0], [0, 0]],
        ],
      ]);
      distribution.allLogProbs();
      expect(table.calls).toHaveLength(2);
      expect(table.calls[1]?.map((asked) => asked.length)).toEqual([13, 13]);
    });
  });

  it("reads few prefixes at once and remembers them", () => {
    tidyValue(() => {
      const table = tableOf(2, 3, 3);
      const distribution = createScoredAssignments(table, { form: "autoregressive" });
      distribution.sample(createRng(1));
      distribution.top(5);
      distribution.marginals();
      expect(table.calls).toHaveLength(1);
    });
  });

  it("reads only the prefixes on its way where there are many", () => {
    tidyValue(() => {
      const table = tableOf(2, 4, 9);
      const distribution = createScoredAssignments(table, { form: "autoregressive" });
      distribution.sample(createRng(1));
      expect(table.calls).toHaveLength(1 + 2 * 3); // the first role of both rows, then three roles of each
      expect(table.calls.flat(2)).toHaveLength(2 * 4);
      distribution.sample(createRng(1));
      expect(table.calls).toHaveLength(7);
    });
  });

  it.each(["joint", "autoregressive"] as const)("passes gradients on to the scores and the values [%s]", (form) => {
    const inputs = [tf.scalar(0.7), tf.tensor2d(VALUES)];
    checkGradient((factor, values) => {
      const table = tableOf(2, 2, 3, factor);
      const distribution = createScoredAssignments(table, { form, legal: LEGAL, values: values as tf.Tensor2D });
      return tf.stack([
        distribution.logProb([
          [0, 1],
          [2, 0],
        ]),
        tf.sum(tf.square(tf.exp(distribution.allLogProbs())), 1),
      ]);
    }, inputs);
    tf.dispose(inputs);
  });

  it("refuses no scorer and a form that it does not know", () => {
    const refused = (text: string) =>
      expect.objectContaining({ code: "config", message: expect.stringContaining(text) as unknown }) as Error;
    expect(() => createScoredAssignments(undefined, { form: "joint" })).toThrow(refused("there is no scorer"));
    const form = "independent" as "joint";
    expect(() => createScoredAssignments(tableOf(2, 2, 3), { form })).toThrow(refused('form is "independent"'));
  });

  it("refuses whole assignments of a scorer that has none, and masks that do not fit", () => {
    tidyValue(() => {
      const whole = tableOf(2, 2, 3);
      const table: AssignmentScorer = { batch: 2, roles: 2, candidates: 3, next: (prefixes) => whole.next(prefixes) };
      expect(() => createScoredAssignments(table, { form: "joint" })).toThrow(
        expect.objectContaining({ code: "config", message: expect.stringContaining('"autoregressive"') as unknown }),
      );
      expect(() => createScoredAssignments(table, { form: "autoregressive", legal: [[true]] })).toThrow(
        expect.objectContaining({ code: "shape" }),
      );
      expect(() => createScoredAssignments(table, { form: "autoregressive", values: tf.zeros([2, 2]) })).toThrow(
        expect.objectContaining({ code: "shape" }),
      );
    });
  });

  it.each(["joint", "autoregressive"] as const)("leaves nothing allocated [%s]", (form) => {
    expectNoTensorLeak(() =>
      tf.tidy(() => {
        const distribution = createScoredAssignments(tableOf(2, 2, 3), { form, legal: LEGAL });
        distribution.top(2);
        return distribution.logProb([
          [0, 0],
          [0, 2],
        ]);
      }),
    );
  });
});

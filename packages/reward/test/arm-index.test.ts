import { type ArmIndex, armLogProbs, createArmIndex } from "@haps/reward";
import type { Arm, Pool, Settings } from "@haps/spec";
import { createRng, logSoftmax, type PolicyOutput, type SettingsDistribution, tidyValue } from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

const settings: Readonly<Record<string, readonly Settings[]>> = {
  a: [{ prompt: "x" }, { prompt: "y" }],
  b: [
    { prompt: "x", budget: 1 },
    { prompt: "x", budget: 2 },
    { prompt: "y", budget: 1 },
  ],
  c: [],
};
const pool: Pool = { candidates: ["a", "b", "c"].map((id) => ({ id, weights: "open", parameters: {} })) };
const settingsOf = (id: string): readonly Settings[] | null => settings[id] ?? null;
const choose = (candidate: string, own: Settings = {}): Arm[string] => ({ candidate, settings: own });
const picks = Object.entries(settings).flatMap(([id, all]) =>
  (all.length === 0 ? [{}] : all).map((own) => choose(id, own)),
);

const single = (arms: readonly Arm[], change: Partial<Parameters<typeof createArmIndex>[0]> = {}): ArmIndex =>
  createArmIndex({ roles: ["one"], pool, arms, settingsOf, ...change });

describe("createArmIndex", () => {
  it("finds candidates and settings whatever the order of their keys, -1 where nothing varies", () => {
    const index = single([
      { one: choose("b", { budget: 2, prompt: "x" }) },
      { one: choose("c", { left: "over" }) },
      { one: choose("a", { prompt: "y" }) },
    ]);
    expect(index.assignments).toEqual([[1], [2], [0]]);
    expect(index.settings).toEqual([[1], [-1], [1]]);
    expect(index.candidates).toEqual([
      { id: "a", settings: 2 },
      { id: "b", settings: 3 },
      { id: "c", settings: 0 },
    ]);
  });

  it("keeps the order of the roles, whatever the order in an arm", () => {
    const arm = { two: choose("c"), one: choose("a", { prompt: "x" }) };
    const index = createArmIndex({ roles: ["one", "two"], pool, arms: [arm], settingsOf });
    expect(index.assignments).toEqual([[0, 2]]);
    expect(index.settings).toEqual([[0, -1]]);
  });

  it("refuses arms without a role, with unknown settings, or with an unknown candidate, by code and fact", () => {
    const good = { one: choose("c") };
    expect(() => single([good, { two: choose("c") }])).toThrow(
      expect.objectContaining({ code: "data", facts: { number: 1, role: "one" } }),
    );
    expect(() => single([{ one: choose("a", { prompt: "z" }) }])).toThrow(
      expect.objectContaining({ code: "data", facts: { number: 0, candidate: "a" } }),
    );
    expect(() => single([{ one: choose("d") }])).toThrow(
      expect.objectContaining({ code: "unknown-candidate", facts: { number: 0, candidate: "d" } }),
    );
  });
});

/** Log-probabilities per level as a policy gives them, out of free logits: `[batch, 3 ** roles]`, and per candidate. */
function outputOf(high: tf.Tensor, a: tf.Tensor, b: tf.Tensor): PolicyOutput {
  const all = logSoftmax(high) as tf.Tensor2D;
  const own = new Map<string, SettingsDistribution>(
    Object.entries({ a, b }).map(([id, free]) => [
      id,
      {
        settings: settings[id] as readonly Settings[],
        logProbs: logSoftmax(free) as tf.Tensor2D,
        value: tf.zeros<tf.Rank.R1>([2]),
      },
    ]),
  );
  return { assignments: { allLogProbs: () => all } as never, settings: (id) => own.get(id) ?? null };
}

const rng = createRng(8);
const logits = (width: number): readonly number[][] => [0, 1].map(() => [...rng.normals(width)]);

describeEachBackend("armLogProbs", () => {
  const pairs = picks.flatMap((one) => picks.map((two): Arm => ({ one, two })));
  const index = createArmIndex({ roles: ["one", "two"], pool, arms: pairs, settingsOf });
  const values = { high: logits(9), a: logits(2), b: logits(3) };
  const inputs = (): [tf.Tensor, tf.Tensor, tf.Tensor] => [
    tf.tensor(values.high),
    tf.tensor(values.a),
    tf.tensor(values.b),
  ];

  it("adds the settings of every role to the assignment, in float64 from the formula", () => {
    const got = tidyValue(() => {
      const { assignments, settings: low } = armLogProbs(index, outputOf(...inputs()));
      return { high: assignments.arraySync(), low: (low as tf.Tensor2D).arraySync() };
    });
    const normal = (row: readonly number[]): number[] => {
      const total = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
      return row.map((value) => value - total);
    };
    const ids = ["a", "b", "c"];
    for (const row of [0, 1]) {
      const high = normal(values.high[row] as number[]);
      const low: Record<string, number[]> = {
        a: normal(values.a[row] as number[]),
        b: normal(values.b[row] as number[]),
      };
      const place = ({ candidate, settings: own }: Arm[string]): number =>
        (settings[candidate] as readonly Settings[]).findIndex(
          (other) => JSON.stringify(other) === JSON.stringify(own),
        );
      const codeOf = ({ one, two }: Arm): number =>
        3 * ids.indexOf((one as Arm[string]).candidate) + ids.indexOf((two as Arm[string]).candidate);
      expectClose(
        got.high[row] as number[],
        pairs.map((arm) => high[codeOf(arm)] as number),
        { rtol: 1e-5, atol: 1e-5 },
      );
      const sums = pairs.map((arm) =>
        Object.values(arm).reduce((sum, pick) => sum + (low[pick.candidate]?.[place(pick)] ?? 0), 0),
      );
      expectClose(got.low[row] as number[], sums, { rtol: 1e-5, atol: 1e-5 });
    }
  });

  it("has the gradient that central differences give", () => {
    const joint = (high: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor => {
      const levels = armLogProbs(index, outputOf(high, a, b));
      return tf.add(levels.assignments, levels.settings as tf.Tensor2D);
    };
    const tensors = inputs();
    checkGradient((high, a, b) => joint(high, a, b), tensors, { eps: 1e-2 });
    tf.dispose(tensors);
  });

  it("has no settings level where nothing varies, and leaks nothing", () => {
    const bare = createArmIndex({ roles: ["one"], pool, arms: [{ one: choose("c") }], settingsOf: () => null });
    const high = tf.tensor2d([[0, 1, 2]]);
    const all = logSoftmax(high) as tf.Tensor2D;
    const output: PolicyOutput = { assignments: { allLogProbs: () => all } as never, settings: () => null };
    expect(armLogProbs(bare, output).settings).toBeNull();
    expectNoTensorLeak(() => tf.tidy(() => armLogProbs(bare, output).assignments));
    tf.dispose([high, all]);
  });

  it("refuses a policy without the index's settings, with other ones, or with other assignments", () => {
    const refusal = (change: (output: PolicyOutput) => PolicyOutput): (() => unknown) => {
      return () => tidyValue(() => armLogProbs(index, change(outputOf(...inputs()))));
    };
    expect(refusal((output) => ({ ...output, settings: (id) => (id === "b" ? null : output.settings(id)) }))).toThrow(
      expect.objectContaining({ code: "state", facts: { candidate: "b", actual: 0, expected: 3 } }),
    );
    expect(refusal((output) => ({ ...output, settings: () => output.settings("a") }))).toThrow(
      expect.objectContaining({ code: "state", facts: { candidate: "b", actual: 2, expected: 3 } }),
    );
    const few = tf.zeros<tf.Rank.R2>([2, 3]);
    expect(refusal((output) => ({ ...output, assignments: { allLogProbs: () => few } as never }))).toThrow(
      expect.objectContaining({ code: "shape" }),
    );
    few.dispose();
  });
});

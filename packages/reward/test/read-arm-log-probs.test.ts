import { armLogProbs, createArmIndex, readArmLogProbs } from "@haps/reward";
import type { Arm, Pool, Settings } from "@haps/spec";
import {
  createRng,
  logSoftmax,
  logSoftmaxOf,
  type PolicyOutput,
  type PolicyReader,
  type SettingsDistribution,
  tidyValue,
} from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

const settings: Readonly<Record<string, readonly Settings[]>> = {
  a: [{ prompt: "x" }, { prompt: "y" }],
  b: [],
  c: [{ budget: 1 }, { budget: 2 }, { budget: 4 }],
};
const pool: Pool = { candidates: Object.keys(settings).map((id) => ({ id, weights: "open", parameters: {} })) };
const settingsOf = (id: string): readonly Settings[] | null => settings[id] ?? null;
const picks = Object.entries(settings).flatMap(([candidate, all]) =>
  (all.length === 0 ? [{}] : all).map((own): Arm[string] => ({ candidate, settings: own })),
);
const rng = createRng(12);

/** Every arm of one to three roles, in an order of its own, the last left out. */
function armsOf(roles: readonly string[]): readonly Arm[] {
  const all = roles.reduce<readonly Arm[]>(
    (arms, role) => arms.flatMap((arm) => picks.map((pick) => ({ ...arm, [role]: pick }))),
    [{}],
  );
  return rng.fork(roles.join()).shuffle(all).slice(1);
}

const logits = (roles: number) => ({
  high: [...rng.fork(`high/${roles}`).normals(3 ** roles)],
  a: [...rng.fork("a").normals(2)],
  c: [...rng.fork("c").normals(3)],
});

/** What a policy's reader gives, and its forward pass for a batch of one. */
function rowOf({ high, a, c }: ReturnType<typeof logits>): ReturnType<PolicyReader> {
  const own = new Map(Object.entries({ a, c }).map(([id, free]) => [id, logSoftmaxOf(free).logProbs]));
  return { assignments: logSoftmaxOf(high).logProbs, settings: (id) => own.get(id) ?? null };
}

function outputOf({ high, a, c }: ReturnType<typeof logits>): PolicyOutput {
  const all = logSoftmax(tf.tensor2d([high])) as tf.Tensor2D;
  const own = new Map<string, SettingsDistribution>(
    Object.entries({ a, c }).map(([id, free]) => [
      id,
      {
        settings: settings[id] as readonly Settings[],
        logProbs: logSoftmax(tf.tensor2d([free])) as tf.Tensor2D,
        value: tf.zeros<tf.Rank.R1>([1]),
      },
    ]),
  );
  return { assignments: { allLogProbs: () => all } as never, settings: (id) => own.get(id) ?? null };
}

const ROLES = ["one", "two", "three"];

describeEachBackend("readArmLogProbs beside armLogProbs", () => {
  it.each([1, 2, 3])("gives the sum of both levels: %i role(s)", (count) => {
    const roles = ROLES.slice(0, count);
    const index = createArmIndex({ roles, pool, arms: armsOf(roles), settingsOf });
    const got = readArmLogProbs(index, rowOf(logits(count)));
    tidyValue(() => {
      const levels = armLogProbs(index, outputOf(logits(count)));
      expectClose(got, tf.add(levels.assignments, levels.settings as tf.Tensor2D), { rtol: 1e-5, atol: 1e-6 });
    });
  });
});

describe("readArmLogProbs", () => {
  const index = createArmIndex({
    roles: ["one", "two"],
    pool,
    arms: [
      { two: picks[0] as Arm[string], one: picks[5] as Arm[string] },
      { one: picks[2] as Arm[string], two: picks[2] as Arm[string] },
    ],
    settingsOf,
  });
  const row: ReturnType<PolicyReader> = {
    assignments: Float64Array.from({ length: 9 }, (_, code) => 100 * (code + 1)),
    settings: (id) => ({ a: Float64Array.of(1, 2), c: Float64Array.of(10, 20, 30) })[id] ?? null,
  };

  it("adds the settings of every role to the assignment, role 0 most significant", () => {
    expect([...readArmLogProbs(index, row)]).toEqual([100 * 7 + 30 + 1, 100 * 5]);
  });

  it("sums to one over all arms", () => {
    const roles = ["one", "two"];
    const arms = picks.flatMap((one) => picks.map((two): Arm => ({ one, two })));
    const all = readArmLogProbs(createArmIndex({ roles, pool, arms, settingsOf }), rowOf(logits(2)));
    expect(all.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 12);
  });

  it("reads the assignments alone where nothing varies", () => {
    const bare = createArmIndex({
      roles: ["one"],
      pool,
      arms: ["c", "b"].map((candidate): Arm => ({ one: { candidate, settings: {} } })),
      settingsOf: () => null,
    });
    const silent = { assignments: Float64Array.of(-1, -2, -3), settings: () => null };
    expect([...readArmLogProbs(bare, silent)]).toEqual([-3, -2]);
  });

  it("refuses a policy without the index's settings, or with other ones", () => {
    expect(() => readArmLogProbs(index, { ...row, settings: () => null })).toThrow(
      expect.objectContaining({ code: "state", facts: { candidate: "a", actual: 0, expected: 2 } }),
    );
    expect(() => readArmLogProbs(index, { ...row, settings: () => Float64Array.of(1, 2) })).toThrow(
      expect.objectContaining({ code: "state", facts: { candidate: "c", actual: 2, expected: 3 } }),
    );
  });
});

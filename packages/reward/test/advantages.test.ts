import { type BaselineConfig, baselineSchema, computeAdvantages, initialBaselineState } from "@haps/reward";
import { expectClose } from "@haps/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const NONE: BaselineConfig = { kind: "none" };
const LEAVE_ONE_OUT: BaselineConfig = { kind: "leaveOneOut" };
const MOVING: BaselineConfig = { kind: "moving", decay: 0.9 };

describe("computeAdvantages", () => {
  it("leaves rewards as they are without a baseline", () => {
    const { advantages, state } = computeAdvantages({ rewards: [1, -2] }, NONE, initialBaselineState);
    expect([...advantages]).toEqual([1, -2]);
    expect(state).toEqual(initialBaselineState);
  });

  it("subtracts the mean of the other samples of the same group", () => {
    const samples = { rewards: [1, 5, 2, 0, 4], groups: [7, 3, 7, 7, 3] };
    const { advantages } = computeAdvantages(samples, LEAVE_ONE_OUT, initialBaselineState);
    expect([...advantages]).toEqual([1 - (2 + 0) / 2, 5 - 4, 2 - (1 + 0) / 2, 0 - (1 + 2) / 2, 4 - 5]);
    const alone = computeAdvantages({ rewards: [3, 1, 2] }, LEAVE_ONE_OUT, initialBaselineState);
    expect([...alone.advantages]).toEqual([1.5, -1.5, 0]);
  });

  it("sums to 0 in every group under leave-one-out, and ignores a constant added to all rewards", () => {
    const rewards = fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(rewards, (values) => {
        const run = (shift: number): number[] => [
          ...computeAdvantages({ rewards: values.map((value) => value + shift) }, LEAVE_ONE_OUT, initialBaselineState)
            .advantages,
        ];
        expect(run(0).reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 4);
        expectClose(run(16), run(0), { atol: 1e-5 });
      }),
      { seed: 6 },
    );
  });

  it("is exactly 0 where all rewards of a group are equal, although their sum rounds", () => {
    const samples = { rewards: [0.2, 0.9, 0.2, 0.9, 0.2, 0.1], groups: [0, 1, 0, 1, 0, 1] };
    const { advantages } = computeAdvantages(samples, LEAVE_ONE_OUT, initialBaselineState);
    expect([advantages[0], advantages[2], advantages[4]]).toEqual([0, 0, 0]);
    expect(advantages[1]).toBeCloseTo(0.4, 6);
  });

  it("subtracts the moving average of earlier batches only", () => {
    const first = computeAdvantages({ rewards: [1, 3] }, MOVING, initialBaselineState);
    expect([...first.advantages]).toEqual([1, 3]);
    expect(first.state).toEqual({ average: 2, batches: 1 });
    const second = computeAdvantages({ rewards: [0, 2] }, MOVING, first.state);
    expect([...second.advantages]).toEqual([-2, 0]);
    expect(second.state.average).toBeCloseTo(0.9 * 2 + 0.1 * 1, 14);
    expect(second.state.batches).toBe(2);
    expect(first.state).toEqual({ average: 2, batches: 1 });
    const empty = computeAdvantages({ rewards: [] }, MOVING, second.state);
    expect(empty).toEqual({ advantages: new Float32Array(0), state: second.state });
  });

  it("continues from a state that went through JSON", () => {
    const { state } = computeAdvantages({ rewards: [0.1, 0.7] }, MOVING, initialBaselineState);
    const restored = JSON.parse(JSON.stringify(state)) as typeof state;
    expect(computeAdvantages({ rewards: [1] }, MOVING, restored)).toEqual(
      computeAdvantages({ rewards: [1] }, MOVING, state),
    );
  });

  /**
   * Mean over all pairs of samples of `Σ_i A_i ∇log π(a_i) / 2`, for a softmax over three arms: what a baseline must leave
   * equal to the gradient of the expected reward.
   */
  function meanOfPairs(advantagesOf: (rewards: readonly [number, number]) => ArrayLike<number>): number[] {
    const logits = [0.3, -0.5, 0.1];
    const rewards = [1, 0, 0.25];
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    const policy = logits.map((logit) => Math.exp(logit) / total);
    const mean = [0, 0, 0];
    for (let first = 0; first < 3; first += 1) {
      for (let second = 0; second < 3; second += 1) {
        const chance = (policy[first] as number) * (policy[second] as number);
        const advantages = advantagesOf([rewards[first] as number, rewards[second] as number]);
        [first, second].forEach((arm, sample) => {
          policy.forEach((probability, at) => {
            const score = (at === arm ? 1 : 0) - probability;
            mean[at] = (mean[at] as number) + (chance * (advantages[sample] as number) * score) / 2;
          });
        });
      }
    }
    return mean;
  }

  it("leaves the mean of the gradient estimate as it is, by enumeration", () => {
    const plain = meanOfPairs((rewards) => rewards);
    const moving = { average: 0.4, batches: 3 };
    for (const [config, state] of [
      [LEAVE_ONE_OUT, initialBaselineState],
      [MOVING, moving],
      [NONE, initialBaselineState],
    ] as const) {
      expectClose(
        meanOfPairs((rewards) => computeAdvantages({ rewards }, config, state).advantages),
        plain,
        { rtol: 1e-5, atol: 1e-7 },
      );
    }
    // A baseline that reads the sample's own reward shrinks the mean: the enumeration would see it.
    const shrunk = meanOfPairs((rewards) => rewards.map((value) => value - (rewards[0] + rewards[1]) / 2));
    expect(Math.abs((shrunk[0] as number) - (plain[0] as number))).toBeGreaterThan(0.01);
  });

  it("refuses rewards that are not finite, groups of one and groups of another length", () => {
    const failing = (code: string, text: string): Error =>
      expect.objectContaining({ code, message: expect.stringContaining(text) as unknown }) as Error;
    for (const value of [Number.NaN, Number.NEGATIVE_INFINITY]) {
      expect(() => computeAdvantages({ rewards: [0, value] }, NONE, initialBaselineState)).toThrow(
        failing("non-finite", `reward 1 is ${value}`),
      );
    }
    expect(() => computeAdvantages({ rewards: [1] }, LEAVE_ONE_OUT, initialBaselineState)).toThrow(
      failing("state", "one sample in group 0"),
    );
    expect(() =>
      computeAdvantages({ rewards: [1, 2, 3], groups: [1, 1, 4] }, LEAVE_ONE_OUT, initialBaselineState),
    ).toThrow(failing("state", "group 4"));
    expect(() => computeAdvantages({ rewards: [1, 2], groups: [1] }, LEAVE_ONE_OUT, initialBaselineState)).toThrow(
      failing("shape", "1 groups for 2 rewards"),
    );
  });
});

describe("baselineSchema", () => {
  it("keeps a tenth of a batch by default and refuses a memory without end", () => {
    expect(baselineSchema.parse({ kind: "moving" })).toEqual({ kind: "moving", decay: 0.9 });
    expect(baselineSchema.safeParse({ kind: "moving", decay: 1 }).success).toBe(false);
    expect(baselineSchema.safeParse({ kind: "none", decay: 0.5 }).success).toBe(false);
  });
});

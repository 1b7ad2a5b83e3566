import {
  clipByGlobalNorm,
  createAdamW,
  createSchedule,
  createSgd,
  createVariables,
  type Gradients,
  globalNorm,
  type NamedVariables,
  type Optimizer,
  pullToStart,
  type ScheduleConfig,
} from "@haps/tensor";
import { describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const failure = (code: string, facts: object = {}) =>
  expect.objectContaining({ code, facts: expect.objectContaining(facts) });
const issueAt = (path: string) =>
  expect.objectContaining({ code: "config", issues: [expect.objectContaining({ path })] });

const makeVariables = (): NamedVariables =>
  createVariables([
    ["layer/weight", { shape: [2], values: Float32Array.of(1, 2) }],
    ["layer/bias", { shape: [1], values: Float32Array.of(3) }],
  ]);
const gradients = (weight: number[], bias?: number[]): Gradients =>
  new Map([
    ["layer/weight", Float32Array.from(weight)],
    ...(bias === undefined ? [] : [["layer/bias", Float32Array.from(bias)] as const]),
  ]);

/** Configurations that both optimisers understand. */
interface SharedConfig {
  readonly learningRate?: number | ScheduleConfig;
  readonly weightDecay?: number;
  readonly groups?: { pattern: string; learningRateFactor?: number; weightDecay?: number }[];
}

const makers: Record<string, (variables: NamedVariables, config?: SharedConfig) => Optimizer> = {
  AdamW: (variables, config) => createAdamW(variables, config),
  SGD: (variables, config) => createSgd(variables, { learningRate: 0.1, momentum: 0.9, ...config }),
};

for (const [name, make] of Object.entries(makers)) {
  describeEachBackend(name, () => {
    it("leaves a variable without a gradient alone, decay included", () => {
      const variables = makeVariables();
      const optimizer = make(variables, { weightDecay: 0.5 });
      optimizer.apply(gradients([1, 1]));
      expect([...variables.get("layer/bias").dataSync()]).toEqual([3]);
      expect(variables.get("layer/weight").dataSync()[0]).toBeLessThan(1);
      variables.dispose();
    });

    it("freezes a group of factor 0 and lets the first group that matches count", () => {
      const variables = makeVariables();
      const groups = [{ pattern: "bias$", learningRateFactor: 0 }, { pattern: "^layer/" }];
      make(variables, { weightDecay: 0.5, groups }).apply(gradients([1, 1], [1]));
      expect([...variables.get("layer/bias").dataSync()]).toEqual([3]);
      expect(variables.get("layer/weight").dataSync()[0]).not.toBe(1);
      variables.dispose();
    });

    it("reads its schedule at the number of updates so far", () => {
      const variables = makeVariables();
      const optimizer = make(variables, { learningRate: { kind: "linear", rate: 1, totalSteps: 4 } });
      expect([optimizer.step, optimizer.learningRate]).toEqual([0, 1]);
      optimizer.apply(gradients([0, 0]));
      expect([optimizer.step, optimizer.learningRate]).toEqual([1, 0.75]);
      variables.dispose();
    });

    it("continues from a saved state as if it had not stopped", () => {
      const [kept, resumed] = [makeVariables(), makeVariables()];
      const [first, second] = [make(kept), make(resumed)];
      for (const optimizer of [first, second]) optimizer.apply(gradients([1, -2], [3]));
      const third = make(resumed);
      third.restore(second.state());
      expect(third.state()).toEqual(first.state());
      for (const optimizer of [first, third]) optimizer.apply(gradients([0.5, 0], [1]));
      expect(resumed.get("layer/weight").dataSync()).toEqual(kept.get("layer/weight").dataSync());
      kept.dispose();
      resumed.dispose();
    });

    it("hands out copies of its state", () => {
      const variables = makeVariables();
      const optimizer = make(variables);
      optimizer.apply(gradients([1, 1], [1]));
      const state = optimizer.state();
      for (const slot of state.slots.values()) slot.fill(99);
      expect([...optimizer.state().slots.values()].some((slot) => slot.includes(99))).toBe(false);
      variables.dispose();
    });

    it("refuses the state of other variables, and a step that is none", () => {
      const variables = makeVariables();
      const optimizer = make(variables);
      const { slots } = optimizer.state();
      const [[firstName, firstSlot]] = [...slots] as [[string, Float32Array]];
      const without = new Map([...slots].slice(1));
      const longer = new Map([...slots, [firstName, new Float32Array(firstSlot.length + 1)]]);
      const more = new Map([...slots, ["mean/other", new Float32Array(1)]]);
      expect(() => optimizer.restore({ step: 1, slots: without })).toThrow(failure("state", { wrong: [firstName] }));
      expect(() => optimizer.restore({ step: 1, slots: longer })).toThrow(failure("state", { wrong: [firstName] }));
      expect(() => optimizer.restore({ step: 1, slots: more })).toThrow(failure("state", { wrong: ["mean/other"] }));
      for (const step of [-1, 0.5, Number.NaN]) {
        expect(() => optimizer.restore({ step, slots })).toThrow(failure("state"));
      }
      expect(optimizer.step).toBe(0);
      variables.dispose();
    });

    it("checks every gradient before it writes any", () => {
      const variables = makeVariables();
      const optimizer = make(variables);
      const unknown = new Map([...gradients([1, 1]), ["head", new Float32Array(1)]]);
      expect(() => optimizer.apply(unknown)).toThrow(failure("state", { name: "head" }));
      expect(() => optimizer.apply(gradients([1, 1], [1, 1]))).toThrow(failure("shape", { actual: [2] }));
      expect([...variables.get("layer/weight").dataSync()]).toEqual([1, 2]);
      expect(optimizer.step).toBe(0);
      variables.dispose();
    });

    it("keeps nothing in tfjs", () => {
      const variables = makeVariables();
      expectNoTensorLeak(() => {
        make(variables).apply(gradients([1, 1], [1]));
        return [];
      });
      variables.dispose();
    });

    it("refuses groups that are no pattern or match nothing, and numbers out of range", () => {
      const variables = makeVariables();
      expect(() => make(variables, { groups: [{ pattern: "(" }] })).toThrow(issueAt("groups.0.pattern"));
      const groups = [{ pattern: "bias" }, { pattern: "haed" }];
      expect(() => make(variables, { groups })).toThrow(issueAt("groups.1.pattern"));
      expect(() => make(variables, { learningRate: -1 })).toThrow(failure("config"));
      expect(() => make(variables, { weightDecay: -1 })).toThrow(failure("config"));
      expect(() => make(variables, { decay: 1 } as SharedConfig)).toThrow(failure("config"));
      variables.dispose();
    });

    it("is of no use once its variables are disposed", () => {
      const variables = makeVariables();
      const optimizer = make(variables);
      variables.dispose();
      expect(() => optimizer.apply(gradients([1, 1]))).toThrow(expect.objectContaining({ code: "disposed" }));
    });
  });
}

describe("createSchedule", () => {
  it("takes a number as a constant rate", () => {
    const schedule = createSchedule(0.3);
    expect([0, 1, 1e6].map(schedule)).toEqual([0.3, 0.3, 0.3]);
  });

  it("stays at the final rate after the last step", () => {
    for (const kind of ["linear", "cosine"] as const) {
      const schedule = createSchedule({ kind, rate: 1, totalSteps: 10, finalRate: 0.25 });
      expect([schedule(10), schedule(11), schedule(1e9)]).toEqual([0.25, 0.25, 0.25]);
    }
  });

  it("climbs through the warm-up and falls after it, never leaving its range", () => {
    const config = fc.record({
      kind: fc.constantFrom("linear", "cosine"),
      warmupSteps: fc.integer({ min: 0, max: 20 }),
      totalSteps: fc.integer({ min: 21, max: 60 }),
    });
    fc.assert(
      fc.property(config, (drawn) => {
        const schedule = createSchedule({ ...drawn, rate: 2, finalRate: 0.5 });
        for (let step = 1; step < 80; step += 1) {
          const change = schedule(step) - schedule(step - 1);
          expect(step < drawn.warmupSteps ? change : -change).toBeGreaterThanOrEqual(-1e-12);
          expect(schedule(step)).toBeLessThanOrEqual(2);
          expect(schedule(step)).toBeGreaterThan(0);
        }
      }),
      { seed: 6, numRuns: 50 },
    );
  });

  it("refuses a warm-up that is not shorter than the whole, and numbers out of range", () => {
    const make = (config: object) => () => createSchedule(config as ScheduleConfig);
    expect(make({ kind: "cosine", rate: 1, warmupSteps: 5, totalSteps: 5 })).toThrow(issueAt("warmupSteps"));
    expect(make({ kind: "linear", rate: -1, totalSteps: 5 })).toThrow(issueAt("rate"));
    expect(make({ kind: "linear", rate: 1, totalSteps: 0 })).toThrow(issueAt("totalSteps"));
    expect(make({ kind: "constant", rate: 1, warmupSteps: 0.5 })).toThrow(issueAt("warmupSteps"));
    expect(make({ kind: "step", rate: 1 })).toThrow(failure("config"));
    expect(make({ kind: "constant", rate: 1, totalSteps: 5 })).toThrow(failure("config"));
  });
});

describe("clipByGlobalNorm", () => {
  it("hands back the gradients themselves within the limit, and copies beyond it", () => {
    const given = gradients([3, 0], [4]);
    expect(clipByGlobalNorm(given, 5).gradients).toBe(given);
    const clipped = clipByGlobalNorm(given, 2.5);
    expect(clipped.norm).toBe(5);
    expectClose(clipped.gradients.get("layer/weight") ?? [], [1.5, 0]);
    expect([...(given.get("layer/weight") ?? [])]).toEqual([3, 0]);
  });

  it("sums squares that float32 cannot hold", () => {
    expectClose(globalNorm(gradients([3e30, 0], [4e30])), 5e30);
    expect(globalNorm(new Map())).toBe(0);
  });

  it("refuses a limit that is not positive and a norm that is not finite", () => {
    for (const limit of [0, -1, Number.NaN]) {
      expect(() => clipByGlobalNorm(gradients([1, 1]), limit)).toThrow(failure("config"));
    }
    for (const value of [Number.NaN, Infinity]) {
      expect(() => clipByGlobalNorm(gradients([1, value]), 1)).toThrow(expect.objectContaining({ code: "non-finite" }));
    }
  });
});

describeEachBackend("pullToStart", () => {
  it("adds the way back to the starting values, times the strength", () => {
    const variables = makeVariables();
    const penalty = pullToStart(variables, 0.5);
    createSgd(variables, { learningRate: 1 }).apply(gradients([4, 0], [2])); // now -3, 2 and 1
    const given = gradients([10, 20]);
    const pulled = penalty(given);
    expect([...pulled.keys()]).toEqual(["layer/weight"]);
    expectClose(pulled.get("layer/weight") ?? [], [10 + 0.5 * (-3 - 1), 20]);
    expect([...(given.get("layer/weight") ?? [])]).toEqual([10, 20]);
    variables.dispose();
  });

  it("is the gradient of the quadratic penalty it states", () => {
    const variables = makeVariables();
    const penalty = pullToStart(variables, 0.3);
    createSgd(variables, { learningRate: 1 }).apply(gradients([1.5, -2], [0.25]));
    const offsets = [-1.5, 2]; // way from the start
    const value = (at: number[]) => (0.3 / 2) * at.reduce((sum, offset) => sum + offset * offset, 0);
    const numeric = offsets.map((_, index) => {
      const moved = (by: number) => offsets.map((offset, at) => (at === index ? offset + by : offset));
      return (value(moved(1e-4)) - value(moved(-1e-4))) / 2e-4;
    });
    expectClose(penalty(gradients([0, 0])).get("layer/weight") ?? [], numeric, { rtol: 1e-5 });
    variables.dispose();
  });

  it("hands the gradients back where its strength is 0", () => {
    const variables = makeVariables();
    const given = gradients([1, 2]);
    expect(pullToStart(variables, 0)(given)).toBe(given);
    variables.dispose();
  });
});

import {
  createLiveTraining,
  type LiveTraining,
  type LiveTrainingConfig,
  type ResumableTrainer,
  type TrainingEvent,
} from "@haps/orchestrator";
import { HapsError } from "@haps/spec";
import { type PromptPolicy, readVariables, writeVariables } from "@haps/tensor";
import { expect, it } from "vitest";
import { describeOnCpu } from "../describe-on-cpu.ts";
import { toyPolicy } from "./toy.ts";

const failing = (code: string, text: string): Error =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as unknown }) as Error;
const markOf = ({ variables }: PromptPolicy): number => readVariables(variables).get("backbone/weight")?.values[0] ?? 0;

/** A trainer that writes the number of its steps into a weight. */
function counting(policy: PromptPolicy, failAt = Number.POSITIVE_INFINITY): ResumableTrainer<number, { step: number }> {
  let done = 0;
  return {
    get completedSteps() {
      return done;
    },
    step() {
      if (done === failAt) throw new HapsError("non-finite", `step ${done}: the loss is NaN`);
      done += 1;
      const weights = new Map(readVariables(policy.variables));
      const values = new Float32Array(6).fill(done);
      writeVariables(policy.variables, weights.set("backbone/weight", { shape: [2, 3], values }));
      return done;
    },
    state: () => ({ progress: { step: done }, arrays: readVariables(policy.variables) }),
    restore(state) {
      done = state.progress.step;
      writeVariables(policy.variables, state.arrays);
    },
  };
}

/** Scores by the number of steps done. */
function training(
  scores: Readonly<Record<number, number>>,
  config: Partial<LiveTrainingConfig> = {},
  failAt?: number,
): { readonly live: LiveTraining<number, { step: number }>; readonly policy: PromptPolicy } {
  const policy = toyPolicy();
  const live = createLiveTraining({
    trainer: counting(policy, failAt),
    policy,
    evaluate: ({ step }) => Promise.resolve({ score: scores[step] ?? 0, figures: { cost: step, entropy: null } }),
    config: { steps: 6, validateEvery: 2, ...config },
  });
  return { live, policy };
}

async function finish(live: LiveTraining<number, { step: number }>): Promise<readonly TrainingEvent<number>[]> {
  const events: TrainingEvent<number>[] = [];
  while (!live.done) events.push(await live.advance());
  return events;
}

describeOnCpu("createLiveTraining", () => {
  it("looks at valid before, between and after the steps, and keeps the best weights", async () => {
    const { live, policy } = training({ 0: 0.1, 2: 0.5, 4: 0.4, 6: 0.3 });
    const events = await finish(live);
    const told = events.map((event) => (event.kind === "step" ? event.step : event.kind));
    expect(told).toEqual(["validation", 1, 2, "validation", 3, 4, "validation", 5, 6, "validation", "stop"]);
    expect(live.curve.map(({ step, improved }) => [step, improved])).toEqual([
      [0, true],
      [2, true],
      [4, false],
      [6, false],
    ]);
    expect(live.best).toEqual({ step: 2, score: 0.5, improved: true, figures: { cost: 2, entropy: null } });
    expect(live.stopReason).toEqual({ kind: "steps" });
    expect(markOf(policy)).toBe(6);
    live.takeBest();
    expect(markOf(policy)).toBe(2);
    await expect(live.advance()).rejects.toThrow(failing("state", "training is over (steps)"));
  });

  it("looks once more after a number of steps that is no multiple", async () => {
    const { live } = training({}, { steps: 3, validateAtStart: false });
    await finish(live);
    expect(live.curve.map(({ step }) => step)).toEqual([2, 3]);
  });

  it("stops when patience ends", async () => {
    const { live } = training({ 0: 0.5, 2: 0.4, 4: 0.5 }, { steps: 100, patience: 2 });
    await finish(live);
    expect(live.stopReason).toEqual({ kind: "patience" });
    expect(live.curve.map(({ step }) => step)).toEqual([0, 2, 4]); // an equal score is no improvement
    expect(live.best?.step).toBe(0);
  });

  it("counts a gain above the least one only", async () => {
    const { live } = training({ 0: 0.5, 2: 0.55, 4: 0.62, 6: 0.7 }, { minimumGain: 0.1 });
    await finish(live);
    expect(live.curve.filter(({ improved }) => improved).map(({ step }) => step)).toEqual([0, 4]);
  });

  it("ends with a reason where numbers are not finite, with the best weights at hand", async () => {
    const { live, policy } = training({ 0: 0.1, 2: 0.7 }, {}, 3);
    const events = await finish(live);
    expect(events.at(-1)).toEqual({
      kind: "stop",
      reason: { kind: "non-finite", message: "step 3: the loss is NaN" },
    });
    live.takeBest();
    expect(markOf(policy)).toBe(2);
  });

  it("ends in the same state when it was saved and resumed after everything it did", async () => {
    const scores = { 0: 0.1, 2: 0.5, 4: 0.4, 6: 0.45 };
    const unbroken = training(scores, { patience: 2, steps: 50 });
    await finish(unbroken.live);
    let state = training(scores).live.state();
    for (let done = false; !done; ) {
      const { live } = training(scores, { patience: 2, steps: 50 });
      live.restore({ ...state, progress: JSON.parse(JSON.stringify(state.progress)) as typeof state.progress });
      await live.advance();
      state = live.state();
      done = live.done;
    }
    const expected = unbroken.live.state();
    expect(state.progress).toEqual(expected.progress);
    expect([...state.arrays]).toEqual([...expected.arrays]);
    const last = training(scores);
    last.live.restore(state);
    last.live.takeBest();
    expect(markOf(last.policy)).toBe(2);
  });

  it("can go on after an error of the trainer or of the look at valid", async () => {
    const policy = toyPolicy();
    let broken = true;
    const live = createLiveTraining({
      trainer: counting(policy),
      policy,
      evaluate: () => (broken ? Promise.reject(new Error("no network")) : Promise.resolve({ score: 1 })),
      config: { steps: 1, validateEvery: 1 },
    });
    await expect(live.advance()).rejects.toThrow("no network");
    broken = false;
    expect((await live.advance()).kind).toBe("validation");
    await finish(live);
    expect(live.stopReason).toEqual({ kind: "steps" });
  });

  it("refuses scores that are no numbers, best weights that are not there, and states that do not fit", async () => {
    const nan = training({ 0: Number.NaN });
    await expect(nan.live.advance()).rejects.toThrow(failing("data", "the score on valid is NaN"));
    expect(() => nan.live.takeBest()).toThrow(failing("state", "never looked at"));
    const { live, policy } = training({});
    await live.advance();
    const { progress, arrays } = live.state();
    const other = training({});
    const without = new Map([...arrays].filter(([name]) => name !== "best/backbone/weight"));
    expect(() => other.live.restore({ progress, arrays: without })).toThrow(
      failing("state", "best weights do not fit"),
    );
    expect(markOf(other.policy)).toBe(markOf(policy));
    expect(other.live.curve).toEqual([]);
    const wrong = { ...progress, curve: "none" } as never;
    expect(() => other.live.restore({ progress: wrong, arrays })).toThrow(failing("config", "curve"));
    expect(() => training({}, { steps: 0 })).toThrow(failing("config", "steps"));
  });
});

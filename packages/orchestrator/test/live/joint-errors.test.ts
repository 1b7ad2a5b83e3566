import type { JointTrainerConfig } from "@haps/orchestrator";
import { type ObjectiveConfig, resolveObjective } from "@haps/reward";
import type { NamedArray } from "@haps/tensor";
import { expect, it } from "vitest";
import { describeOnCpu } from "../describe-on-cpu.ts";
import { objective, setUp } from "./set-up.ts";
import { toyEngines, toyEnvironment, toyPolicy } from "./toy.ts";

const numbersOf = (arrays: ReadonlyMap<string, NamedArray>): readonly (readonly [string, readonly number[]])[] =>
  [...arrays].map(([name, { values }]) => [name, [...values]] as const);
const failing = (code: string, text: string): Error =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as unknown }) as Error;
const objectiveOf = (config: ObjectiveConfig) => resolveObjective({ ...objective, ...config });

describeOnCpu("createJointTrainer", () => {
  it("stays before a step in which numbers exploded, and says where", async () => {
    const limited = setUp({ gradientLimit: 1e-6 });
    const broken = setUp({}, { engines: toyEngines(() => Number.NaN) });
    for (const setup of [limited, broken]) {
      const before = numbersOf(setup.trainer.state().arrays);
      await expect(setup.trainer.step()).rejects.toThrow(expect.objectContaining({ code: "non-finite" }) as Error);
      expect(numbersOf(setup.trainer.state().arrays)).toEqual(before);
      expect(setup.trainer.completedSteps).toBe(0);
    }
    await expect(limited.trainer.step()).rejects.toThrow(failing("non-finite", "at step 0"));
  });

  it("refuses a second step, or another state, while one is under way", async () => {
    const { trainer } = setUp();
    const state = trainer.state();
    const first = trainer.step();
    await expect(trainer.step()).rejects.toThrow(failing("state", "a step is under way"));
    expect(() => trainer.restore(state)).toThrow(failing("state", "a step is under way"));
    await first;
    expect(trainer.completedSteps).toBe(1);
  });

  it("stands before a step that was aborted", async () => {
    const { trainer } = setUp();
    const reason = new Error("enough");
    await expect(trainer.step({ signal: AbortSignal.abort(reason) })).rejects.toThrow(reason);
    expect(trainer.completedSteps).toBe(0);
    expect((await trainer.step()).step).toBe(0);
  });

  it("says that calls were not recorded, or that nobody differentiates", async () => {
    const silent = setUp({}, { environment: toyEnvironment({ recordsCalls: false }) });
    await expect(silent.trainer.step()).rejects.toThrow(failing("state", "recorded no calls"));
    const alone = setUp({ questionsPerStep: 3 }, { engines: new Map() });
    await expect(alone.trainer.step()).rejects.toThrow(failing("unknown-candidate", 'no engine differentiates "'));
  });

  it("refuses states of another seed or policy, and changes nothing", () => {
    const setup = setUp();
    const before = numbersOf(setup.trainer.state().arrays);
    const other = setUp({}, { seed: 4 }).trainer.state();
    expect(() => setup.trainer.restore(other)).toThrow(failing("state", "another seed"));
    const closed = setUp({}, { policy: toyPolicy(1, { generators: new Map() }) }).trainer.state();
    expect(() => setup.trainer.restore(closed)).toThrow(failing("state", ""));
    expect(numbersOf(setup.trainer.state().arrays)).toEqual(before);
  });

  it.each<[string, Partial<JointTrainerConfig>, ObjectiveConfig]>([
    [
      "objective.assignmentGradient: outcomes of all assignments",
      {},
      { assignmentGradient: "expected", baseline: { kind: "none" } },
    ],
    ["objective.parameterGradient: there are no settings", {}, { parameterGradient: "likelihood" }],
    ["objective.baseline: leaveOneOut needs others", { rollouts: 1, questionsPerStep: 1 }, {}],
    ["objective.assignmentGradient: the policy did not choose", { assignments: "random" }, {}],
    ["assignments.fixed: got [0, 2]", { assignments: { fixed: [0, 2] } }, { assignmentGradient: "none" }],
    ["costWeights: weigh costs", { costWeights: [0, 1] }, {}],
    ["rollouts", { rollouts: 0 }, {}],
    ['did you mean "rollouts"?', { rollout: 2 } as object, {}],
  ])("refuses: %s", (text, config, changed) => {
    expect(() => setUp(config, { objective: objectiveOf(changed) })).toThrow(failing("config", text));
  });

  it("refuses parts that do not fit", () => {
    expect(() => setUp({}, { questions: [] })).toThrow(failing("data", "no questions"));
    expect(() => setUp({}, { frozen: /./ })).toThrow(failing("config", "frozen"));
    expect(() => setUp({}, { policy: { ...toyPolicy(), roles: 1 } })).toThrow(failing("config", "1 roles"));
    const [engine] = toyEngines().values();
    const blind = { ...engine, capabilities: { ...engine?.capabilities, gradients: false } };
    expect(() => setUp({}, { engines: new Map([["left", blind]]) as never })).toThrow(
      failing("config", "no gradients"),
    );
  });
});

import { createJointTrainer, releasedTraining } from "@haps/orchestrator";
import { createRng } from "@haps/tensor";
import { expect, it } from "vitest";
import { describeOnCpu } from "../describe-on-cpu.ts";
import { type ToyEngine, toyEngines, toyEnvironment, toyPolicy, toyQuestions } from "./toy.ts";

const questions = toyQuestions(6);

function run(score: number) {
  const environment = toyEnvironment({ score: () => score });
  const engines: ReadonlyMap<string, ToyEngine> = toyEngines();
  const { objective, trainer: config } = releasedTraining({ questions: 6 });
  const options = { policy: toyPolicy(), environment, engines, questions, objective, config, costScale: null };
  return { trainer: createJointTrainer({ ...options, rng: createRng(1) }), environment, engines };
}

describeOnCpu("releasedTraining", () => {
  it.each([
    [0, -1],
    [0.4, 0.4],
    [1, 1],
  ])("has the loss -R Σ log π(token) of one episode, where score %d is reward %d", async (score, reward) => {
    const { trainer, engines, environment } = run(score);
    const report = await trainer.step();
    const items = [...engines.values()].flatMap(({ asked }) => asked);
    expect(environment.ran).toHaveLength(1);
    expect(items).toHaveLength(2); // all calls of both roles, each with its whole sum
    for (const { weight, likelihood, decoding } of items) {
      expect(weight).toBeCloseTo(-reward, 6);
      expect(likelihood).toBe("sampled");
      expect(decoding).toEqual({ temperature: 1, topP: 0.9, nucleus: "released" });
    }
    const logLikelihoods = await Promise.all(
      [...engines.values()].map(async (engine) => (await engine.loraGradient([...engine.asked])).logLikelihoods),
    );
    expect(report.loss).toBeCloseTo(-reward * logLikelihoods.flat().reduce((sum, value) => sum + value, 0), 6);
    expect(report).toMatchObject({ meanReward: reward, assignmentEntropy: null, clipped: false, learningRate: 1e-5 });
  });

  it("plays the best assignment and gives the high level a gradient through the shared backbone only", async () => {
    const { trainer, environment } = run(0);
    const { gradientNorms } = await trainer.step();
    expect(gradientNorms).toHaveProperty("backbone");
    expect(gradientNorms).not.toHaveProperty("architecture");
    const { trainer: again, environment: other } = run(0);
    await again.step();
    const roles = ({ ran: [first] }: typeof environment) =>
      Object.values(first?.trial.roles ?? {}).map(({ candidate }) => candidate);
    expect(roles(environment)).toEqual(roles(other));
  });

  it("lets the learning rate fall to a tenth over all passes, and looks at valid as the authors do", () => {
    const { trainer, training } = releasedTraining({ questions: 300, epochs: 2, learningRate: 0.01 });
    expect(trainer.optimizer?.learningRate).toEqual({ kind: "linear", rate: 0.01, totalSteps: 600, finalRate: 0.001 });
    expect(trainer).toMatchObject({ questionsPerStep: 1, rollouts: 1, clipNorm: null, tokenReduction: "sum" });
    expect(training).toEqual({ steps: 600, validateEvery: 30, patience: 4, validateAtStart: false });
  });

  it("refuses sizes that are none", () => {
    expect(() => releasedTraining({ questions: 0 })).toThrow(/releasedTraining: questions/);
  });
});

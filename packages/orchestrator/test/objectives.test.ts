import { createHapsRouter, type HapsConfig, startHapsTraining, type TrainerStep } from "@haps/orchestrator";
import { objectivePresets } from "@haps/reward";
import { makeTestTable } from "@haps/spec/testing";
import { createRng } from "@haps/tensor";
import { describeEachBackend } from "@haps/testing";
import { expect, it } from "vitest";
import { describeOnCpu } from "./describe-on-cpu.ts";
import { testParts } from "./parts.ts";
import { tableOf } from "./table.ts";
import { contextOf, decide } from "./train.ts";

type Objective = NonNullable<HapsConfig["objective"]>;

const objectives: Readonly<Record<string, Objective>> = {
  expected: { assignmentGradient: "expected" },
  "reinforce without baseline": { assignmentGradient: "reinforce", baseline: { kind: "none" } },
  "reinforce, leave one out": { assignmentGradient: "reinforce", baseline: { kind: "leaveOneOut" } },
  "reinforce, moving average": { assignmentGradient: "reinforce", baseline: { kind: "moving" } },
  "none: settings alone": { assignmentGradient: "none" },
  "neither level": { assignmentGradient: "none", parameterGradient: "none" },
  "high level alone": { parameterGradient: "none" },
  "no warm-up": { warmUp: { kind: "none" } },
  "hard warm-up, all ties": { warmUp: { kind: "hard", tiePolicy: "all" } },
  "hard warm-up, one tie by chance": { warmUp: { kind: "hard", tiePolicy: "randomOne" } },
  "hard warm-up that drops every row": { warmUp: { kind: "hard", minimumReward: 2 } },
  released: objectivePresets.released,
  paper: objectivePresets.paper,
};

/** Two kinds of text, each with a best arm; one arm of three costs more. */
const table = makeTestTable({ questions: 16, missingEvery: 6 });

function trainWith(objective: Objective, training = table, warmUpShare = 0.4): readonly TrainerStep[] {
  const config = { trainer: { members: 2, steps: 5, warmUpShare }, objective };
  const run = startHapsTraining(contextOf(training, { costWeights: [0, 0.2] }), testParts(), { config });
  const steps: TrainerStep[] = [];
  while (!run.done) steps.push(run.step());
  createHapsRouter(run.finish()).dispose();
  return steps;
}

describeEachBackend("objectives", () => {
  it.each(Object.entries(objectives))("train: %s", (_, objective) => {
    const steps = trainWith(objective);
    expect(steps).toHaveLength(10);
    expect(steps.every(({ loss, gradientNorm }) => Number.isFinite(loss) && Number.isFinite(gradientNorm))).toBe(true);
  });

  it("learn from the log of another policy by its propensities, by reinforce unless told otherwise", async () => {
    const rng = createRng(4);
    const scores = [
      [0.9, 0.1],
      [0.1, 0.9],
    ];
    const rows = Array.from({ length: 40 }, (_, row) => ({ kind: row % 2, seen: rng.integer(2) }));
    const logged = tableOf({
      arms: ["left", "right"],
      texts: rows.map(({ kind }, row) => `${kind === 0 ? "sum" : "poem"} ${row}`),
      scores: rows.map(({ kind, seen }) =>
        [0, 1].map((arm) => (arm === seen ? (scores[kind]?.[arm] ?? 0) : Number.NaN)),
      ),
      propensities: rows.map(({ seen }) => [0, 1].map((arm) => (arm === seen ? 0.5 : Number.NaN))),
    });
    const config = {
      trainer: { members: 2, steps: 30, learningRate: 0.2, penalty: 0.02 },
      shrinkage: { standardErrors: 0 },
    };
    const run = startHapsTraining(contextOf(logged), testParts(), { config });
    while (!run.done) run.step();
    const model = run.finish();
    expect(model.config.config.objective.assignmentGradient).toBe("reinforce");
    const router = createHapsRouter(model);
    const decisions = await decide(router, logged);
    router.dispose();
    const taken = decisions.map(({ roles }) => roles.answerer?.candidate);
    const right = taken.filter((candidate, row) => candidate === ["left", "right"][rows[row]?.kind ?? 0]);
    expect(right.length).toBeGreaterThanOrEqual(36);
  });
});

describeOnCpu("objectives on a log of chosen arms", () => {
  it("are refused where they would be biased, and work where they are not", () => {
    const logged = { ...table, propensity: table.score.map((value) => (Number.isNaN(value) ? Number.NaN : 0.5)) };
    expect(() => trainWith({ assignmentGradient: "expected" }, logged)).toThrow(
      expect.objectContaining({ code: "config" }),
    );
    expect(trainWith({ baseline: { kind: "moving" } }, logged)).toHaveLength(10);
  });
});

import { createHapsRouter, type HapsConfig } from "@haps/orchestrator";
import { objectivePresets } from "@haps/reward";
import { type OutcomeTable, selectRows } from "@haps/spec";
import { makeTestTable } from "@haps/spec/testing";
import { createRng } from "@haps/tensor";
import { describeEachBackend } from "@haps/testing";
import { expect, it } from "vitest";
import { describeOnCpu } from "./describe-on-cpu.ts";
import { tableOf } from "./table.ts";
import { chosenArms, contextOf, decide, meanOf, train } from "./train.ts";

/** Simulated: sums are best answered by one arm, poems by another; half of the rows is never trained on. */
function planted(options: Parameters<typeof makeTestTable>[0] = {}): { training: OutcomeTable; fresh: OutcomeTable } {
  const all = makeTestTable({ questions: 120, ...options });
  const rows = [...all.rows.keys()];
  return { training: selectRows(all, rows.slice(0, 60)), fresh: selectRows(all, rows.slice(60)) };
}

/** Mean score of a column of arms, and of the best constant one. */
const bestConstant = ({ score, arms, rows }: OutcomeTable): number =>
  Math.max(
    ...arms.map((_, arm) =>
      meanOf(
        score,
        rows.map(() => arm),
        arms.length,
      ),
    ),
  );

async function choicesOf(
  training: OutcomeTable,
  asked: OutcomeTable,
  config: HapsConfig,
  costWeights: readonly number[] = [0],
): Promise<readonly (readonly number[])[]> {
  const router = createHapsRouter(train(contextOf(training, { costWeights }), config));
  const choices = await Promise.all(costWeights.map((weight) => decide(router, asked, weight)));
  router.dispose();
  return choices.map((decisions) => chosenArms(decisions, asked));
}

describeEachBackend("learning", () => {
  it("recovers a planted rule on fresh questions with the default configuration: at least 80% of the oracle's gain", async () => {
    const { training, fresh } = planted();
    const [chosen = []] = await choicesOf(training, fresh, {});
    const oracle = meanOf(
      fresh.score,
      fresh.rows.map(({ labels }) => (labels.task === "sum" ? 1 : 3)),
      4,
    );
    const single = bestConstant(fresh);
    expect(oracle - single).toBeGreaterThan(0.2);
    expect((meanOf(fresh.score, chosen, 4) - single) / (oracle - single)).toBeGreaterThanOrEqual(0.8);
  });
});

describeOnCpu("learning from tables of all kinds", () => {
  const short = { trainer: { members: 2, steps: 30, learningRate: 0.1, penalty: 0.02 } };
  const objectives = {
    paper: objectivePresets.paper,
    "reinforce, leave one out": { assignmentGradient: "reinforce", baseline: { kind: "leaveOneOut" } },
  } as const;

  it.each(Object.entries(objectives))("recovers the rule by sampling: %s", async (_, objective) => {
    const { training, fresh } = planted();
    const [chosen = []] = await choicesOf(training, fresh, { ...short, objective });
    expect(meanOf(fresh.score, chosen, 4) - bestConstant(fresh)).toBeGreaterThan(0.2);
  });

  it("recovers the rule where a third of the cells was not run and there are no costs", async () => {
    const { training } = planted({ missingEvery: 3, costs: false });
    const { fresh } = planted();
    const [chosen = []] = await choicesOf(training, fresh, short);
    expect(meanOf(fresh.score, chosen, 4) - bestConstant(fresh)).toBeGreaterThan(0.2);
  });

  it("recovers a rule of two roles", async () => {
    const { training, fresh } = planted({ roles: ["teacher", "student"] });
    const [chosen = []] = await choicesOf(training, fresh, short);
    expect(meanOf(fresh.score, chosen, 16) - bestConstant(fresh)).toBeGreaterThan(0.2);
  });

  it("stays at the best arm in most cases where texts are permuted against outcomes", async () => {
    const { training } = planted();
    const texts = training.rows.map(({ question }) => question);
    let held = 0;
    for (let seed = 0; seed < 10; seed += 1) {
      const shuffled = createRng(seed).shuffle(texts);
      const rows = training.rows.map((row, place) => ({ ...row, question: shuffled[place] as (typeof texts)[0] }));
      const permuted = { ...training, rows };
      const [chosen = []] = await choicesOf(permuted, permuted, short);
      if (new Set(chosen).size === 1) held += 1;
    }
    expect(held).toBeGreaterThanOrEqual(8);
  });

  it("chooses cheaper arms for higher cost weights, from the best to the cheapest", async () => {
    const kinds = Array.from({ length: 24 }, (_, row) => row % 2);
    const table = tableOf({
      arms: ["cheap", "middle", "dear"],
      texts: kinds.map((kind, row) => `${kind === 0 ? "easy" : "hard"} ${row}`),
      scores: kinds.map((kind) => (kind === 0 ? [0.8, 0.85, 0.9] : [0.2, 0.6, 0.9])),
      costs: kinds.map(() => [1, 4, 10]),
    });
    const costWeights = [0, 0.2, 0.5, 1, 3];
    const choices = await choicesOf(table, table, short, costWeights);
    const costs = choices.map((chosen) => meanOf(table.cost as Float64Array, chosen, 3));
    expect(costs[0]).toBe(10);
    expect(costs.at(-1)).toBe(1);
    expect(costs).toEqual([...costs].sort((a, b) => b - a));
    expect(new Set(costs).size).toBeGreaterThanOrEqual(3);
  });

  it("starts at the best arm: with a vanishing learning rate every decision is the best arm on train", async () => {
    const { training } = planted();
    const config = { trainer: { members: 2, steps: 1, learningRate: 1e-9 } };
    const [chosen = []] = await choicesOf(training, training, config);
    const means = training.arms.map((_, arm) =>
      meanOf(
        training.score,
        training.rows.map(() => arm),
        4,
      ),
    );
    expect(new Set(chosen)).toEqual(new Set([means.indexOf(Math.max(...means))]));
  });
});

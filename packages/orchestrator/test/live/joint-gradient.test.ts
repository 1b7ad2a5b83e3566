import { resolveObjective } from "@haps/reward";
import { allAssignments, assignmentCode, writeVariables } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import { expect, it } from "vitest";
import { describeOnCpu } from "../describe-on-cpu.ts";
import { plainToy, slopesOf } from "./plain-toy.ts";
import { difference, objective, questions, setUp, valuesOf, weightsOf } from "./set-up.ts";
import { CANDIDATES, ROLES } from "./toy.ts";

const all = allAssignments(ROLES.length, CANDIDATES.length);

describeEachBackend("createJointTrainer", () => {
  it.each([
    { rollouts: 3, episodesPerAssignment: 1 },
    { rollouts: 6, episodesPerAssignment: 2 },
  ])("follows -A log P(z) - A' log P(tokens) of its episodes exactly, through both levels: %o", async (config) => {
    const setup = setUp(config);
    const before = weightsOf(setup);
    const report = await setup.trainer.step();
    const ran = setup.environment.ran.map(({ trial, outcome }) => {
      const score = outcome.status === "ok" ? outcome.score : Number.NaN;
      const assignment = ROLES.map((role) => CANDIDATES.indexOf(trial.roles[role]?.candidate ?? ""));
      return { trial, score, assignment, calls: outcome.calls ?? [] };
    });
    expect(ran).toHaveLength(2 * config.rollouts);
    const drawOf = new Map(ran.map(({ trial }, index) => [trial, Math.floor(index / config.episodesPerAssignment)]));
    const loss = (weights: ReadonlyMap<string, ArrayLike<number>>): number =>
      ran.reduce((sum, { trial, score, assignment, calls }) => {
        const over = (others: typeof ran): number =>
          score - others.reduce((total, other) => total + other.score, 0) / others.length;
        const others = ran.filter((other) => other.trial.question === trial.question && other.trial !== trial);
        const advantage = over(others.filter((other) => drawOf.get(other.trial) !== drawOf.get(trial)));
        const alike = others.filter((other) => other.assignment.join() === assignment.join());
        const tokenAdvantage = over(alike.length > 0 ? alike : others);
        const question = questions.find((one) => one.question === trial.question) as (typeof questions)[0];
        const plain = plainToy(weights, question);
        const tokens = calls.reduce((total, { candidate, tokens: [token] }) => {
          const one = plain.chanceOfOne[candidate] as number;
          return total + Math.log(token === 1 ? one : 1 - one);
        }, 0);
        const high = plain.logAssignments[assignmentCode(assignment, CANDIDATES.length)] as number;
        return sum - (advantage * high + tokenAdvantage * tokens) / ran.length;
      }, 0);
    const expected = slopesOf(valuesOf(before), loss);
    const got = difference(before, weightsOf(setup));
    for (const [name, slopes] of expected) expectClose(got.get(name) ?? [], slopes, { rtol: 1e-3, atol: 2e-6 });
    expect(report.loss).toBeCloseTo(loss(valuesOf(before)), 5);
    expect(Math.hypot(...[...expected.values()].flat())).toBeCloseTo(report.gradientNorm ?? 0, 5);
    setup.policy.variables.dispose();
  });
});

describeOnCpu("createJointTrainer, on average", () => {
  it.each([1, 4])(
    "climbs the expected reward with its entropy, without bias: %i episodes of a draw",
    async (episodes) => {
      const entropyWeight = 0.1;
      const setup = setUp(
        { questionsPerStep: 3, rollouts: 40 * Math.sqrt(episodes), episodesPerAssignment: episodes },
        { objective: resolveObjective({ ...objective, entropyWeight }) },
      );
      const start = weightsOf(setup);
      const expected = slopesOf(valuesOf(start), (weights) => -meanObjective(weights, entropyWeight));
      const sums = new Map<string, number[]>();
      const steps = 60;
      for (let step = 0; step < steps; step += 1) {
        await setup.trainer.step();
        for (const [name, values] of difference(start, weightsOf(setup))) {
          sums.set(
            name,
            values.map((value, index) => value / steps + (sums.get(name)?.[index] ?? 0)),
          );
        }
        writeVariables(setup.policy.variables, start);
      }
      for (const part of ["backbone", "architecture", "lora"]) {
        const of = (gradients: ReadonlyMap<string, readonly number[]>): number[] =>
          [...gradients].filter(([name]) => name.startsWith(part)).flatMap(([, values]) => values);
        const [got, wanted] = [of(sums), of(expected)];
        const distance = Math.hypot(...got.map((value, index) => value - (wanted[index] as number)));
        expect(distance / Math.hypot(...wanted)).toBeLessThan(0.15);
      }
      setup.policy.variables.dispose();
    },
  );
});

/** Mean over the questions of `E[score] + τ H(z)`, over all assignments and all that the candidates may write. */
function meanObjective(weights: ReadonlyMap<string, ArrayLike<number>>, entropyWeight: number): number {
  const values = questions.map((question) => {
    const plain = plainToy(weights, question);
    return all.reduce((sum, assignment, code) => {
      const logProb = plain.logAssignments[code] as number;
      const score = assignment.reduce((total, candidate, role) => {
        const one = plain.chanceOfOne[CANDIDATES[candidate] as string] as number;
        return total + (question.question.gold.answer[role] === "1" ? one : 1 - one) / ROLES.length;
      }, 0);
      return sum + Math.exp(logProb) * (score - entropyWeight * logProb);
    }, 0);
  });
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

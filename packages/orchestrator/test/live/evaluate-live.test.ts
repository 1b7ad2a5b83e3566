import { decideLive, evaluateLive, type LiveQuestion, makeTrials } from "@haps/orchestrator";
import type { Environment, Trial } from "@haps/spec";
import { createRng, readVariables } from "@haps/tensor";
import { describeEachBackend, expectNoTensorLeak } from "@haps/testing";
import { expect, it } from "vitest";
import { describeOnCpu } from "../describe-on-cpu.ts";
import { plainToy } from "./plain-toy.ts";
import { CANDIDATES, TASK, toyEnvironment, toyPolicy, toyQuestions } from "./toy.ts";

const questions = toyQuestions(5);
const failing = (code: string, text: string): Error =>
  expect.objectContaining({ code, message: expect.stringContaining(text) as unknown }) as Error;
const asked = { decoding: { maxTokens: 1 }, label: "valid" };

describeEachBackend("decideLive", () => {
  it("takes the best assignment with its log-probability and the weights of the candidates in it", () => {
    const policy = toyPolicy();
    const weights = new Map([...readVariables(policy.variables)].map(([name, { values }]) => [name, values] as const));
    const decisions = decideLive(policy, questions, { assignments: "best", label: "now" });
    expect(decisions).toHaveLength(5);
    for (const { place, assignment, logProb, lora } of decisions) {
      const { logAssignments } = plainToy(weights, questions[place] as LiveQuestion);
      const best = Math.max(...logAssignments);
      expect(assignment).toEqual([logAssignments.indexOf(best) >> 1, logAssignments.indexOf(best) & 1]);
      expect(logProb).toBeCloseTo(best, 5);
      const used = new Set(assignment.map((index) => CANDIDATES[index] as string));
      expect([...lora.keys()].sort()).toEqual([...used].sort());
      for (const [candidate, { id }] of lora) expect(id).toBe(`now/${place}/${candidate}`);
    }
    policy.variables.dispose();
  });

  it("draws several assignments for a question, in proportion to their probabilities", () => {
    const policy = toyPolicy();
    const weights = new Map([...readVariables(policy.variables)].map(([name, { values }]) => [name, values] as const));
    const samples = 4000;
    const options = { assignments: "sample", rng: createRng(2), samples, label: "now", withLora: false } as const;
    const decisions = decideLive(policy, questions.slice(0, 2), options);
    for (const place of [0, 1]) {
      const own = decisions.slice(place * samples, (place + 1) * samples);
      expect(own.every((decision) => decision.place === place && decision.lora.size === 0)).toBe(true);
      plainToy(weights, questions[place] as LiveQuestion).logAssignments.forEach((logProb, code) => {
        const share = own.filter(({ assignment: [first, second] }) => first === code >> 1 && second === (code & 1));
        expect(Math.abs(share.length / samples - Math.exp(logProb))).toBeLessThan(0.035); // 4 standard errors
      });
    }
    policy.variables.dispose();
  });

  it("leaves no tensor behind", () => {
    const policy = toyPolicy();
    expectNoTensorLeak(() => {
      decideLive(policy, questions, { assignments: "sample", rng: createRng(1), samples: 2, label: "now" });
      return [];
    });
    policy.variables.dispose();
  });
});

describeOnCpu("decideLive", () => {
  it("shares a question's weights among its decisions", () => {
    const options = { assignments: { fixed: [0, 0] }, samples: 2, label: "now" };
    const [first, second] = decideLive(toyPolicy(), questions, options);
    expect(first?.lora.get("left")).toBe(second?.lora.get("left"));
  });

  it("plays fixed and uniformly drawn assignments whatever the policy says", () => {
    const policy = toyPolicy();
    const fixed = decideLive(policy, questions, { assignments: { fixed: [1, 0] }, label: "now" });
    expect(fixed.map(({ assignment }) => assignment.join())).toEqual(questions.map(() => "1,0"));
    const options = { assignments: "random", rng: createRng(4), samples: 400, label: "now", withLora: false } as const;
    const drawn = decideLive(policy, questions, options);
    for (const code of ["0,0", "0,1", "1,0", "1,1"]) {
      const share = drawn.filter(({ assignment }) => assignment.join() === code).length / drawn.length;
      expect(Math.abs(share - 0.25)).toBeLessThan(0.04);
    }
  });

  it("refuses draws without random numbers and assignments that do not fit", () => {
    const policy = toyPolicy();
    for (const assignments of ["sample", "random"] as const) {
      expect(() => decideLive(policy, questions, { assignments, label: "now" })).toThrow(failing("config", "no rng"));
    }
    for (const fixed of [[0], [0, 2], [0, -1], [0.5, 0]]) {
      const decide = () => decideLive(policy, questions, { assignments: { fixed }, label: "now" });
      expect(decide).toThrow(failing("config", "2 candidate indices in [0, 2)"));
    }
  });
});

describeOnCpu("makeTrials", () => {
  it("gives every role its player, and ids that sort as the decisions do", () => {
    const policy = toyPolicy(1, { generators: new Map() });
    const many = Array.from({ length: 11 }, () => questions[0] as LiveQuestion);
    const decisions = decideLive(policy, many, { assignments: { fixed: [1, 0] }, label: "now" });
    const decoding = { maxTokens: 3 };
    const seeds = decisions.map((_, index) => index);
    const options = { task: TASK, candidates: CANDIDATES, questions: many, decisions, decoding, seeds, label: "now" };
    const trials = makeTrials(options);
    expect(trials[10]).toEqual({
      id: "now/10",
      question: questions[0]?.question,
      roles: { first: { candidate: "right", decoding }, second: { candidate: "left", decoding } },
      seed: 10,
    });
    const ids = trials.map(({ id }) => id);
    expect([...ids].sort()).toEqual(ids);
  });
});

describeOnCpu("evaluateLive", () => {
  it("sums up what came of every question, in their order, and counts failures without a score", async () => {
    const environment = toyEnvironment({ fails: ({ question }) => question.id === "q3" });
    const assignments = { fixed: [0, 1] };
    const evaluation = await evaluateLive({ ...asked, policy: toyPolicy(), environment, questions, assignments });
    expect(evaluation.results.map(({ questionId }) => questionId)).toEqual(["q0", "q1", "q2", "q3", "q4"]);
    const scores = evaluation.results.flatMap(({ outcome }) => (outcome.status === "ok" ? [outcome.score] : []));
    expect(scores).toHaveLength(4);
    expect(evaluation).toMatchObject({ scored: 4, failed: 1, meanCost: { amount: 2, currency: "USD" } });
    expect(evaluation.meanScore).toBeCloseTo(scores.reduce((sum, score) => sum + score, 0) / 4, 12);
    expect(evaluation.shares).toEqual([{ assignment: [0, 1], share: 1 }]);
  });

  it("lists the shares of the assignments that occur, in their order", async () => {
    const environment = toyEnvironment();
    const { shares, results } = await evaluateLive({ ...asked, policy: toyPolicy(), environment, questions });
    expect(shares.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    const codes = shares.map(({ assignment: [first = 0, second = 0] }) => 2 * first + second);
    expect(codes).toEqual([...codes].sort((left, right) => left - right));
    for (const { assignment, share } of shares) {
      const own = results.filter((result) => result.assignment.join() === assignment.join());
      expect(share).toBe(own.length / 5);
    }
  });

  it("gives the same outcomes in batches of any size", async () => {
    const run = async (batch: number) => {
      const evaluation = await evaluateLive({
        ...asked,
        policy: toyPolicy(),
        environment: toyEnvironment(),
        questions,
        batch,
      });
      return evaluation.results.map(({ outcome }) => (outcome.status === "ok" ? outcome.answer : outcome.status));
    };
    expect(await run(2)).toEqual(await run(64));
    await expect(run(0)).rejects.toThrow(failing("config", "batch is 0"));
  });

  it("leaves generated weights out when told to", async () => {
    const environment = toyEnvironment();
    await evaluateLive({ ...asked, policy: toyPolicy(), environment, questions, withLora: false });
    for (const { trial } of environment.ran) expect(trial.roles.first).not.toHaveProperty("lora");
  });

  it("has no mean where nothing has a score, and no mean cost where one is missing", async () => {
    const all = toyEnvironment({ fails: () => true });
    const nothing = await evaluateLive({ ...asked, policy: toyPolicy(), environment: all, questions });
    expect(nothing).toMatchObject({ meanScore: null, meanCost: null, scored: 0, failed: 5 });
    const empty = await evaluateLive({ ...asked, policy: toyPolicy(), environment: all, questions: [] });
    expect(empty).toMatchObject({ results: [], meanScore: null, shares: [] });
    const changed = priced((_, index) => (index === 2 ? undefined : { amount: 1, currency: "USD" }));
    const partly = await evaluateLive({ ...asked, policy: toyPolicy(), environment: changed, questions });
    expect(partly).toMatchObject({ meanCost: null, scored: 5 });
  });

  it("refuses costs in several currencies and environments that lose a trial", async () => {
    const mixed = priced((_, index) => ({ amount: 1, currency: index === 2 ? "EUR" : "USD" }));
    const policy = toyPolicy();
    await expect(evaluateLive({ ...asked, policy, environment: mixed, questions })).rejects.toThrow(
      failing("data", "one currency"),
    );
    const inner = toyEnvironment();
    const lossy: Environment = { ...inner, run: (trials) => inner.run(trials.slice(1)) };
    await expect(evaluateLive({ ...asked, policy, environment: lossy, questions })).rejects.toThrow(
      failing("state", 'no outcome for trial "valid/0/0"'),
    );
  });
});

/** A toy environment with other costs. */
function priced(
  cost: (trial: Trial, index: number) => { readonly amount: number; readonly currency: string } | undefined,
): Environment {
  const inner = toyEnvironment();
  return {
    ...inner,
    async *run(trials) {
      for await (const outcome of inner.run(trials)) {
        const index = trials.findIndex(({ id }) => id === outcome.trialId);
        const own = cost(trials[index] as Trial, index);
        const { cost: _, ...bare } = outcome;
        yield { ...bare, ...(own === undefined ? {} : { cost: own }) };
      }
    },
  };
}

import type { Outcome, Trial } from "../environment.ts";
import { deepFreeze, same } from "./contract-check.ts";
import {
  type EnvironmentContractOptions,
  type EnvironmentPromise,
  ensure,
  outcomesOf,
  scoredOutcomesOf,
} from "./environment-subject.ts";

const isDeterministic = ({ deterministic = true }: EnvironmentContractOptions): boolean => deterministic;

/** What every environment promises about outcomes and how they come. */
export const environmentPromises: readonly EnvironmentPromise[] = [
  {
    name: "has a hash that says what it is, the same when it is made again",
    check: async ({ create }, environment) => {
      ensure(
        /^[0-9a-f]{64}$/.test(environment.hash),
        `its hash is ${JSON.stringify(environment.hash)}; expected SHA-256`,
      );
      ensure((await create()).hash === environment.hash, "it has another hash when it is made again");
      ensure(environment.task.roles.length > 0, "its task has no roles");
    },
  },
  {
    name: "gives one outcome for every trial",
    check: async ({ trials }, environment) => {
      await outcomesOf(environment, trials);
      await outcomesOf(environment, trials.slice(0, 1));
      await outcomesOf(environment, []);
    },
  },
  {
    name: "scores outcomes from 0 to 1, by name",
    check: async ({ trials }, environment) => {
      const outcomes = await scoredOutcomesOf(environment, trials);
      for (const { trialId, status, answer, score, scores } of outcomes) {
        const of = `of trial ${JSON.stringify(trialId)}`;
        ensure((answer === null) === (status === "no-answer"), `the answer ${of} is ${answer} with status "${status}"`);
        const wrong = [score, ...Object.values(scores)].find((value) => !(value >= 0 && value <= 1));
        ensure(wrong === undefined, `a score ${of} is ${wrong}; expected a number from 0 to 1`);
        ensure(Object.values(scores).includes(score), `the score ${of} is none of its scores`);
        ensure(
          same(Object.keys(scores).sort(), Object.keys(outcomes[0]?.scores ?? {}).sort()),
          `names of scores ${of} vary`,
        );
      }
    },
  },
  {
    name: "says who played each role, and what it used",
    check: async ({ trials }, environment) => {
      const roles = environment.task.roles.map(({ id }) => id).sort();
      const outcomes = await outcomesOf(environment, trials);
      outcomes.forEach(({ trialId, perRole }, index) => {
        const of = `of trial ${JSON.stringify(trialId)}`;
        ensure(
          same(Object.keys(perRole).sort(), roles),
          `the usage ${of} is not that of the roles ${roles.join(", ")}`,
        );
        for (const [role, { candidate, calls, inputTokens, outputTokens }] of Object.entries(perRole)) {
          const player = (trials[index] as Trial).roles[role]?.candidate;
          ensure(candidate === player, `${candidate} plays "${role}" ${of}; expected ${player}`);
          const counts = [calls, inputTokens, outputTokens];
          ensure(counts.every(isCount), `the usage of "${role}" ${of} is ${counts.join(", ")}; expected counts`);
        }
      });
    },
  },
  {
    name: "names costs in one currency, none below 0",
    check: async ({ trials }, environment) => {
      const costs = (await outcomesOf(environment, trials)).flatMap(({ cost }) => (cost === undefined ? [] : [cost]));
      const wrong = costs.find(({ amount }) => !(Number.isFinite(amount) && amount >= 0));
      ensure(wrong === undefined, `a cost is ${wrong?.amount}; expected a finite number from 0`);
      const currencies = new Set(costs.map(({ currency }) => currency));
      ensure(currencies.size <= 1, `costs are in ${[...currencies].join(" and ")}; expected one currency`);
    },
  },
  {
    name: "lets a trial that fails stand alone, without a score",
    applies: ({ badTrial }) => badTrial !== undefined,
    check: async (subject, environment) => {
      const { trials, badTrial } = subject as EnvironmentContractOptions & { badTrial: Trial };
      const [first, ...others] = trials as readonly [Trial, ...Trial[]];
      const outcomes = await outcomesOf(environment, [first, badTrial, ...others]);
      const failed = outcomes[1] as Outcome;
      ensure(failed.status === "failed", `the bad trial has status "${failed.status}"`);
      ensure(!("score" in failed) && !("answer" in failed), "the failed trial has a score or an answer");
      ensure(failed.failure.message.trim() !== "", "the failure says nothing");
      const good = outcomes.filter((_, index) => index !== 1);
      ensure(
        good.every(({ status }) => status !== "failed"),
        "a good trial fails beside it",
      );
      if (!isDeterministic(subject)) return;
      ensure(same(good, await outcomesOf(environment, trials)), "a good trial has another outcome beside it");
    },
  },
  {
    name: "leaves trials untouched",
    check: async ({ trials }, environment) => {
      await outcomesOf(environment, deepFreeze(structuredClone(trials)));
    },
  },
  {
    name: "gives equal trials equal outcomes, alone, among others and in any order",
    applies: isDeterministic,
    check: async ({ trials }, environment) => {
      const together = await outcomesOf(environment, trials);
      const reversed = await outcomesOf(environment, [...trials].reverse());
      ensure(same([...reversed].reverse(), together), "outcomes change with the order of trials");
      for (const [index, trial] of trials.entries()) {
        const [alone] = await outcomesOf(environment, [trial]);
        ensure(same(alone, together[index]), `trial ${JSON.stringify(trial.id)} has another outcome alone`);
      }
    },
  },
  {
    name: "answers without looking at the gold answer",
    applies: isDeterministic,
    check: async ({ trials }, environment) => {
      const blind = trials.map((trial) => ({
        ...trial,
        question: { ...trial.question, gold: { answer: "an answer of the contract suite" } },
      }));
      const expected = await scoredOutcomesOf(environment, trials);
      const outcomes = await scoredOutcomesOf(environment, blind);
      outcomes.forEach((outcome, index) => {
        const other = expected[index] as typeof outcome;
        const unseen = outcome.answer === other.answer && same(outcome.perRole, other.perRole);
        ensure(unseen, `trial ${JSON.stringify(outcome.trialId)} has another answer or usage when its gold is another`);
      });
    },
  },
];

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

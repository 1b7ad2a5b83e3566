import { armKey } from "../arm.ts";
import type { Candidate, Settings } from "../pool.ts";
import type { Decision, RoutingRequest } from "../router.ts";
import { ensure, near, same } from "./contract-check.ts";
import { type ContractPromise, type ContractSubject, decisionsOf, withRouter } from "./contract-subject.ts";
import { sameChoice, sameDecision } from "./same-decision.ts";

/** Most alternatives that a decision may list. */
const RANKING_LIMIT = 16;

/** What every decision promises, whatever the request. */
export const decisionPromises: readonly ContractPromise[] = [
  {
    name: "gives one decision per request, in order",
    check: async (subject) => {
      await withRouter(subject, async (router) => {
        ensure(router.contractVersion === 1, `contractVersion is ${String(router.contractVersion)}; expected 1`);
        const decisions = await router.route(subject.requests);
        const got = decisions.map((decision) => decision.questionId);
        const expected = subject.requests.map((request) => request.question.id);
        ensure(same(got, expected), `decisions are about [${got.join(", ")}]; expected [${expected.join(", ")}]`);
        const none = await router.route([]);
        ensure(none.length === 0, `no request got ${none.length} decisions`);
      });
    },
  },
  {
    name: "chooses a candidate of the pool and one of its settings for every role",
    check: eachDecision((decision, request) => {
      const roles = request.task.roles.map((role) => role.id);
      ensure(
        same(Object.keys(decision.roles).sort(), [...roles].sort()),
        `it chose for [${Object.keys(decision.roles).join(", ")}]; expected [${roles.join(", ")}]`,
      );
      for (const [role, choice] of Object.entries(decision.roles)) {
        const candidate = request.pool.candidates.find((one) => one.id === choice.candidate);
        ensure(candidate !== undefined, `it chose "${choice.candidate}" for "${role}", which is not in the pool`);
        ensure(
          hasSettings(candidate, choice.settings),
          `"${choice.candidate}" has no settings ${JSON.stringify(choice.settings)}`,
        );
      }
      ensure(decision.reason.trim() !== "", "the reason is empty; expected one sentence for people");
    }),
  },
  {
    name: "gives marginals that sum to one in the order of the pool, and the probability of its choice",
    check: async (subject) => {
      const check = (decision: Decision, request: RoutingRequest): void => {
        for (const role of request.task.roles) {
          const marginals = decision.marginals[role.id] ?? [];
          const size = request.pool.candidates.length;
          ensure(marginals.length === size, `"${role.id}" has ${marginals.length} marginals; expected ${size}`);
          ensure(
            marginals.every((value) => value >= 0 && value <= 1 + 1e-9),
            `a marginal of "${role.id}" is outside 0 to 1: ${marginals.join(", ")}`,
          );
          const sum = marginals.reduce((total, value) => total + value, 0);
          ensure(near(sum, 1), `the marginals of "${role.id}" sum to ${sum}; expected 1`);
          const choice = decision.roles[role.id];
          const place = request.pool.candidates.findIndex((candidate) => candidate.id === choice?.candidate);
          const expected = marginals[place] ?? Number.NaN;
          ensure(
            near(choice?.probability ?? Number.NaN, expected),
            `the choice of "${role.id}" has probability ${choice?.probability}; its marginal is ${expected}`,
          );
        }
      };
      await eachDecision(check)(subject);
      await eachDecision(check)({ ...subject, requests: subject.requests.map(reversePool) });
    },
  },
  {
    name: "ranks distinct legal arms best first, at most 16, with finite log-probabilities <= 0",
    check: eachDecision((decision, request) => {
      const { ranking, total } = decision;
      const open = new Set(request.pool.candidates.map((candidate) => candidate.id));
      ensure(
        ranking.length >= 1 && ranking.length <= RANKING_LIMIT,
        `the ranking has ${ranking.length} entries; expected 1 to ${RANKING_LIMIT}`,
      );
      ensure(
        ranking.length === Math.min(total, RANKING_LIMIT),
        `the ranking has ${ranking.length} entries of a total of ${total}`,
      );
      ensure(new Set(ranking.map(({ arm }) => armKey(arm))).size === ranking.length, "an arm is ranked twice");
      ranking.forEach(({ arm, logProb }, place) => {
        ensure(
          Number.isFinite(logProb) && logProb <= 0,
          `rank ${place} has log-probability ${logProb}; expected a finite number <= 0`,
        );
        ensure(logProb <= (ranking[place - 1]?.logProb ?? 0), `rank ${place} is likelier than the one before it`);
        const outside = Object.values(arm).find((choice) => !open.has(choice.candidate));
        ensure(outside === undefined, `rank ${place} holds "${outside?.candidate}", which is not in the pool`);
      });
      const mass = ranking.reduce((sum, { logProb }) => sum + Math.exp(logProb), 0);
      ensure(
        total > ranking.length ? mass <= 1 + 1e-5 : near(mass, 1),
        `${ranking.length} of ${total} arms have probability ${mass} together`,
      );
    }),
  },
  {
    name: "gives the same decisions for the same requests",
    check: async (subject) => {
      await withRouter(subject, async (router) => {
        const first = await router.route(subject.requests);
        const second = await router.route(subject.requests);
        ensure(same(first, second), "asking again gave other decisions");
      });
    },
  },
  {
    name: "decides the same in every batch",
    check: async (subject) => {
      await withRouter(subject, async (router) => {
        const together = await router.route(subject.requests);
        const reversed = [...(await router.route([...subject.requests].reverse()))].reverse();
        for (const [index, request] of subject.requests.entries()) {
          const [alone] = await router.route([request]);
          const expected = together[index] as Decision;
          const id = request.question.id;
          ensure(
            alone !== undefined && sameDecision(alone, expected),
            `question "${id}" alone gets another decision than in a batch`,
          );
          ensure(
            sameDecision(reversed[index] as Decision, expected),
            `question "${id}" gets another decision in another order`,
          );
        }
      });
    },
  },
  {
    name: "does not depend on the order of the pool",
    check: async (subject) => {
      await withRouter(subject, async (router) => {
        const straight = await router.route(subject.requests);
        const reversed = await router.route(subject.requests.map(reversePool));
        straight.forEach((decision, index) => {
          const other = reversed[index] as Decision;
          ensure(
            sameChoice(decision, other),
            `question "${decision.questionId}" gets another arm when the pool is reversed`,
          );
        });
      });
    },
  },
];

/** A check of every decision about the subject's requests. */
function eachDecision(
  check: (decision: Decision, request: RoutingRequest) => void,
): (subject: ContractSubject) => Promise<void> {
  return async (subject) => {
    const decisions = await decisionsOf(subject);
    for (const [index, request] of subject.requests.entries()) {
      const decision = decisions[index];
      ensure(decision !== undefined, `request ${index} got no decision`);
      check(decision, request);
    }
  };
}

function reversePool(request: RoutingRequest): RoutingRequest {
  return { ...request, pool: { candidates: [...request.pool.candidates].reverse() } };
}

function hasSettings({ parameters }: Candidate, settings: Settings): boolean {
  const dimensions = Object.entries(parameters.settings ?? {});
  if (parameters.only !== undefined) return parameters.only.some((allowed) => same(allowed, settings));
  return (
    Object.keys(settings).length === dimensions.length &&
    dimensions.every(([name, { values }]) => (values as readonly unknown[]).includes(settings[name]))
  );
}

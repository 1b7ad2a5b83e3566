import type { OutcomeTable } from "../outcome-table.ts";
import type { RouterFactory } from "../router-factory.ts";
import { type ContractPromise, contractSubject } from "./contract-subject.ts";
import { decisionPromises } from "./decision-promises.ts";
import { fitPromises } from "./fit-promises.ts";
import { makeTestTable } from "./make-test-table.ts";
import { labelPrivacyPromises, questionPrivacyPromises } from "./privacy-promises.ts";
import { requestPromises } from "./request-promises.ts";

/** The part of a test runner that conformance suites need: `describe` and `it` of Vitest, Jest or `node:test`. */
export interface TestRunner {
  /** Groups what `body` declares. */
  readonly describe: (name: string, body: () => void) => unknown;
  /** Declares one test, which fails when the promise that `body` returns rejects. */
  readonly it: (name: string, body: () => Promise<void>) => unknown;
}

/** What {@link describeRouterContract} checks. */
export interface RouterContractOptions {
  /** A user's own module is one as `{ id: "mine", createRouter: async (context) => createRouter(context) }`. */
  readonly factory: RouterFactory;
  /** Outcomes to train on and questions to ask about; borrowed, left as it is. Default {@link makeTestTable}`()`. */
  readonly table?: OutcomeTable;
  /** Label of the table's rows that privileged factories are given. Default `task`. */
  readonly label?: string;
  /** Default 1. */
  readonly seed?: number;
}

/**
 * Declares one test per promise of `Router` and `RouterFactory`; the runner is passed in.
 *
 * Decisions: one per request in order, from the pool, marginals, ranking, repeatable, independent of batch and pool order.
 * Requests: left untouched, masks, `exclude`, refusals by code, disposal, abortion. Fits: repeatable, table left untouched,
 * abortion. Privacy: nothing but text and context of a question counts; and, unless the factory is privileged, neither do
 * its id, labels in the training table, or `labelOf`.
 *
 * Every test trains its own router: give factories a quick configuration. Tests on tensors set their backend beforehand.
 *
 * @param name - Heads the suite.
 *
 * @example
 * ```ts
 * const factory: RouterFactory = {
 *   id: "fixed",
 *   createRouter: async ({ pool, training, signal }) => {
 *     signal?.throwIfAborted();
 *     return createFixedRouter({ pool, arms: training.arms, scores: [0.1, 0.9, 0.2, 0.3] });
 *   },
 * };
 * const results: Promise<void>[] = [];
 * // With Vitest, Jest or node:test: pass their { describe, it } instead.
 * const runner = { describe: (_: string, body: () => void) => body(), it: (_: string, body: () => Promise<void>) => results.push(body()) };
 * describeRouterContract(runner, "my router", { factory });
 * await Promise.all(results);
 * ```
 */
export function describeRouterContract(runner: TestRunner, name: string, options: RouterContractOptions): void {
  const { factory, table = makeTestTable(), label = "task", seed = 1 } = options;
  runner.describe(`router contract: ${name}`, () => {
    for (const promise of promisesOf(factory)) {
      runner.it(promise.name, () => promise.check(contractSubject(factory, table, { seed, label })));
    }
  });
}

function promisesOf(factory: RouterFactory): readonly ContractPromise[] {
  const all = [...decisionPromises, ...requestPromises, ...fitPromises, ...questionPrivacyPromises];
  return factory.privileged === true ? all : [...all, ...labelPrivacyPromises];
}

import type { TestRunner } from "./describe-router-contract.ts";
import { environmentPromises } from "./environment-promises.ts";
import { environmentRunPromises } from "./environment-run-promises.ts";
import type { EnvironmentContractOptions } from "./environment-subject.ts";

/**
 * Declares one test per promise of `Environment`; the runner is passed in.
 *
 * Outcomes: one for each trial, scores from 0 to 1, usage of every role, one currency, failures that stand alone, trials left untouched,
 * the same for equal trials, blind to the gold answer. Runs: abortion before and meanwhile, iterations left early, trials that are
 * refused.
 *
 * Every test makes its own environment. Tests on tensors set their backend beforehand.
 *
 * @param name - Heads the suite.
 *
 * @example
 * ```ts
 * const task = { id: "echo", description: "Repeat.", roles: [{ id: "answerer", description: "Repeats." }] };
 * const echo: Environment = {
 *   task,
 *   hash: "0".repeat(64),
 *   async *run(trials, { signal } = {}) {
 *     const ids = new Set(trials.map(({ id }) => id));
 *     const isSound = trials.every(({ roles, seed }) => seed >= 0 && Object.keys(roles).join() === "answerer");
 *     if (ids.size < trials.length || !isSound) throw new ConfigError("echo", [{ path: "trials", message: "cannot run" }]);
 *     if (trials.some(({ roles }) => roles["answerer"]?.candidate !== "echo")) throw new HapsError("unknown-candidate", "echo: who?");
 *     for (const { id, question } of trials) {
 *       await Promise.resolve();
 *       if (signal?.aborted) throw new HapsError("aborted", "echo: aborted by its signal");
 *       const score = question.text === question.gold.answer ? 1 : 0;
 *       const perRole = { answerer: { candidate: "echo", calls: 1, inputTokens: 1, outputTokens: 1 } };
 *       yield { trialId: id, status: "ok", answer: question.text, score, scores: { accuracy: score }, perRole };
 *     }
 *     if (signal?.aborted) throw new HapsError("aborted", "echo: aborted by its signal");
 *   },
 * };
 * const roles = { answerer: { candidate: "echo", decoding: { maxTokens: 4 } } };
 * const trials = ["a", "b", "c"].map((text) => ({ id: text, question: { id: text, text, gold: { answer: "a" } }, roles, seed: 1 }));
 * const results: Promise<void>[] = [];
 * // With Vitest, Jest or node:test: pass their { describe, it } instead.
 * const runner = { describe: (_: string, body: () => void) => body(), it: (_: string, body: () => Promise<void>) => results.push(body()) };
 * describeEnvironmentContract(runner, "echo", { create: () => echo, trials });
 * await Promise.all(results);
 * ```
 */
export function describeEnvironmentContract(
  runner: TestRunner,
  name: string,
  options: EnvironmentContractOptions,
): void {
  runner.describe(`environment contract: ${name}`, () => {
    for (const promise of [...environmentPromises, ...environmentRunPromises]) {
      if (promise.applies?.(options) === false) continue;
      runner.it(promise.name, async () => {
        await promise.check(options, await options.create());
      });
    }
  });
}

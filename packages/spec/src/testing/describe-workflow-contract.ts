import type { TestRunner } from "./describe-router-contract.ts";
import { workflowPromises } from "./workflow-promises.ts";
import type { WorkflowContractOptions } from "./workflow-subject.ts";

/**
 * Declares one test per promise of `Workflow` and `Episode`; the runner is passed in.
 *
 * Roles of the task, an end whatever is said, the same steps for the same replies, episodes that stand alone, refused replies, a
 * hash, questions left untouched.
 *
 * @param name - Heads the suite.
 *
 * @example
 * ```ts
 * const ask = { kind: "ask", effects: [{ kind: "call", role: "answerer", purpose: "answer", prompt: { text: "?" } }] } as const;
 * const workflow: Workflow = {
 *   task: { id: "once", description: "Ask once.", roles: [{ id: "answerer", description: "Answers." }] },
 *   hash: "0".repeat(64),
 *   start() {
 *     let calls = 0;
 *     return {
 *       next(replies) {
 *         calls += 1;
 *         if (calls === 1) return ask;
 *         const [reply] = replies;
 *         if (calls > 2 || replies.length !== 1 || reply?.kind !== "text") throw new HapsError("state", "once: other replies");
 *         return { kind: "done", answer: reply.text, reason: "answered" };
 *       },
 *     };
 *   },
 * };
 * const questions = ["a", "b"].map((text) => ({ id: text, text }));
 * const results: Promise<void>[] = [];
 * // With Vitest, Jest or node:test: pass their { describe, it } instead.
 * const runner = { describe: (_: string, body: () => void) => body(), it: (_: string, body: () => Promise<void>) => results.push(body()) };
 * describeWorkflowContract(runner, "once", { create: () => workflow, questions, answer: () => ({ kind: "text", text: "yes" }) });
 * await Promise.all(results);
 * ```
 */
export function describeWorkflowContract(runner: TestRunner, name: string, options: WorkflowContractOptions): void {
  runner.describe(`workflow contract: ${name}`, () => {
    for (const promise of workflowPromises) {
      runner.it(promise.name, async () => {
        await Promise.resolve();
        promise.check(options, options.create());
      });
    }
  });
}

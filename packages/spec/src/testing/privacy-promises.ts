import type { Decision } from "../router.ts";
import { ensure } from "./contract-check.ts";
import { type ContractPromise, decisionsOf } from "./contract-subject.ts";
import { sameDecision } from "./same-decision.ts";

/** What every factory promises about facts that may have been left on a question. */
export const questionPrivacyPromises: readonly ContractPromise[] = [
  {
    name: "does not see what else stands on a question: gold, topic, exam, data set, labels",
    check: async (subject) => {
      const requests = subject.requests.map((request, index) => ({
        ...request,
        question: { ...request.question, ...secrets(index) },
      }));
      ensureSame(
        await decisionsOf(subject),
        await decisionsOf(subject, requests),
        "with privileged facts on the question",
      );
    },
  },
];

/** What factories promise that are not privileged. */
export const labelPrivacyPromises: readonly ContractPromise[] = [
  {
    name: "does not read ids of questions",
    check: async (subject) => {
      const requests = subject.requests.map((request, index) => ({
        ...request,
        question: { ...request.question, id: `mmlu/anatomy/answer-${index % 4}` },
      }));
      ensureSame(await decisionsOf(subject), await decisionsOf(subject, requests), "under another id");
    },
  },
  {
    name: "learns the same with and without labels in the training table",
    check: async (subject) => {
      const { training } = subject.context;
      const bare = { ...training, rows: training.rows.map(({ question, group }) => ({ question, group, labels: {} })) };
      const told = {
        ...training,
        rows: training.rows.map((row, index) => ({
          ...row,
          split: index % 2 === 0 ? "train" : "test",
          question: { ...row.question, ...secrets(index) },
          labels: { ...row.labels, exam: `exam-${index % 2}`, gold: String(index % 4), topic: `topic-${index % 3}` },
        })),
      };
      const unlabelled = await decisionsOf(subject, subject.requests, { training: bare });
      const labelled = await decisionsOf(subject, subject.requests, { training: told });
      ensureSame(unlabelled, labelled, "after training with labels");
    },
  },
  {
    name: "does not ask for labels",
    check: async (subject) => {
      const asked: string[] = [];
      const labelOf = (questionId: string): string => {
        asked.push(questionId);
        return "label";
      };
      await decisionsOf(subject, subject.requests, { labelOf });
      ensure(asked.length === 0, `it asked for the label of "${asked[0]}"; mark the factory as privileged`);
    },
  },
];

/** Facts that readers of data may leave on a question; types forbid them, run time does not. */
function secrets(index: number): Record<string, unknown> {
  const topic = `topic-${index % 3}`;
  return { gold: "ABCD"[index % 4], answer: "B", topic, exam: `exam-${index % 2}`, dataset: "mmlu", labels: { topic } };
}

function ensureSame(plain: readonly Decision[], other: readonly Decision[], situation: string): void {
  plain.forEach((decision, index) => {
    const changed = other[index];
    ensure(
      changed !== undefined && sameDecision(decision, changed),
      `question "${decision.questionId}" gets another decision ${situation}`,
    );
  });
}

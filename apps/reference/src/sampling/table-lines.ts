import type { OutcomeRecord } from "@haps/datasets";
import type { Arm, LabelledQuestion } from "@haps/spec";
import type { SampledOutcome } from "./sampled-outcome.ts";

/** What controls and reports may know of a question, and its split. */
export interface QuestionFacts {
  readonly split?: string;
  /** By name, e.g. `task`, the label that `haps evaluate` gives to its control. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What a table is made of, beside its outcomes. */
export interface TableParts {
  readonly arms: readonly Arm[];
  readonly questions: readonly LabelledQuestion[];
  /** Default: none. */
  readonly factsOf?: (question: LabelledQuestion) => QuestionFacts;
}

/**
 * Outcomes as records of the generic format: one for each trial, and for the first question one for every arm, so that the order of the
 * arms survives. The context stands in a question's first record only. Never with the gold answer.
 *
 * @param outcomes - In the order of the questions.
 */
export function* tableRecords(
  outcomes: readonly SampledOutcome[],
  { arms, questions, factsOf = () => ({}) }: TableParts,
): Generator<Partial<OutcomeRecord>, void, undefined> {
  const byQuestion = new Map(questions.map(({ id }) => [id, new Map<number, SampledOutcome>()]));
  for (const outcome of outcomes) byQuestion.get(outcome.questionId)?.set(outcome.arm, outcome);
  for (const [index, question] of questions.entries()) {
    const { split, labels } = factsOf(question);
    const head = {
      id: question.id,
      text: question.text,
      ...(split === undefined ? {} : { split }),
      ...(labels === undefined ? {} : { labels: { ...labels } }),
    };
    const context = question.context === undefined ? {} : { context: [...question.context] };
    const byArm = byQuestion.get(question.id) ?? new Map<number, SampledOutcome>();
    const columns = index === 0 ? arms.keys() : byArm.keys();
    let isFirst = true;
    for (const column of columns) {
      const arm = arms[column] as Arm;
      yield { ...head, ...(isFirst ? context : {}), arm: plainArm(arm), ...cellOf(byArm.get(column)) };
      isFirst = false;
    }
  }
}

function cellOf(outcome: SampledOutcome | undefined): Partial<OutcomeRecord> {
  if (outcome === undefined) return { status: "not-recorded" };
  const { status, cost } = outcome;
  if (status === "failed" || status === "not-recorded") return { status };
  const score = { status, score: outcome.score };
  if (cost !== undefined) return { ...score, cost: cost.amount, currency: cost.currency };
  const used = Object.values(outcome.perRole);
  return { ...score, tokens: used.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0) };
}

function plainArm(arm: Arm): NonNullable<OutcomeRecord["arm"]> {
  return Object.fromEntries(
    Object.entries(arm).map(([role, { candidate, settings }]) => [role, { candidate, settings: { ...settings } }]),
  );
}

import type { AssignmentTokens, LanguageModel } from "@haps/language-model";
import type { AssignmentScorer } from "@haps/tensor";
import type * as tf from "@tensorflow/tfjs";
import { referenceLogits, referenceLogSoftmax } from "../decoder/reference-decoder.ts";

/** Two roles, three candidates; ids of several tokens that begin alike, as "1", "10" and "2" with their ending do. */
export const assignments: AssignmentTokens = {
  roles: [
    {
      lead: [8, 9],
      options: [
        [4, 7],
        [4, 3, 7],
        [5, 7],
      ],
    },
    {
      lead: [10],
      options: [
        [4, 11],
        [4, 3, 11],
        [5, 11],
      ],
    },
  ],
  end: [2],
};

/** The same with single-token ids right after each other and nothing around. */
export const bareAssignments: AssignmentTokens = {
  roles: [
    { lead: [], options: [[4], [5], [6]] },
    { lead: [], options: [[6], [4], [7]] },
  ],
  end: [],
};

/** Every assignment, role 0 slowest. */
export function allAssignments(roles: number, candidates: number): number[][] {
  if (roles === 0) return [[]];
  return Array.from({ length: candidates }, (_, first) =>
    allAssignments(roles - 1, candidates).map((rest) => [first, ...rest]),
  ).flat();
}

/** `log P(tokens | context)` from a pass over the whole sequence in float64. */
export function sequenceLogProb(model: LanguageModel, context: readonly number[], tokens: readonly number[]): number {
  const logits = referenceLogits(model, [...context, ...tokens]);
  return tokens.reduce(
    (sum, token, index) => sum + (referenceLogSoftmax(logits[context.length + index - 1] as number[])[token] as number),
    0,
  );
}

/** Tokens before the option of role `prefix.length`. */
export function contextOf({ roles }: AssignmentTokens, prefix: readonly number[]): number[] {
  const before = prefix.flatMap((candidate, role) => [
    ...(roles[role]?.lead ?? []),
    ...(roles[role]?.options[candidate] ?? []),
  ]);
  return [...before, ...(roles[prefix.length]?.lead ?? [])];
}

/** `log P(whole text | prompt, what all texts begin with)` per assignment. */
export function wholeScores(model: LanguageModel, tokens: AssignmentTokens, prompt: readonly number[]): number[] {
  const { roles, end } = tokens;
  const common = roles[0]?.lead ?? [];
  return allAssignments(roles.length, roles[0]?.options.length ?? 0).map((assignment) => {
    const text = [...contextOf(tokens, assignment), ...end];
    return sequenceLogProb(model, [...prompt, ...common], text.slice(common.length));
  });
}

/** `log P(option | prompt, text before)` per candidate. */
export function stepScores(
  model: LanguageModel,
  tokens: AssignmentTokens,
  prompt: readonly number[],
  prefix: readonly number[],
): number[] {
  const context = [...prompt, ...contextOf(tokens, prefix)];
  return (tokens.roles[prefix.length]?.options ?? []).map((option) => sequenceLogProb(model, context, option));
}

/** Scores of whole assignments, which the backbone must offer. */
export function jointOf(scorer: AssignmentScorer | undefined): tf.Tensor2D {
  const scores = scorer?.joint?.();
  if (scores === undefined) throw new Error("there are no scores of whole assignments");
  return scores;
}

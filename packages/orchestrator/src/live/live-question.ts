import type { LabelledQuestion } from "@haps/spec";
import type { TokenPrompt } from "@haps/tensor";

/** A question to be tried live, with what the policy reads of it. */
export interface LiveQuestion {
  /** The gold answer is for the environment's scorer alone. */
  readonly question: LabelledQuestion;
  /** Tokens of the routing prompt. */
  readonly prompt: TokenPrompt;
}

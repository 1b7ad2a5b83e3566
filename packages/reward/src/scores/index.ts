export type { Scorer } from "@haps/spec";
export { choiceLetter } from "./choice-letter.ts";
export { exactMatch, releasedExactMatch } from "./exact-match.ts";
export { normalizeAnswer } from "./normalize-answer.ts";
export {
  type AnswerScorerOptions,
  type AnswerScores,
  createAnswerScorer,
  createChoiceScorer,
} from "./scorer.ts";
export { type TokenOverlap, tokenOverlap } from "./token-overlap.ts";

import type { Gold } from "@haps/spec";
import { choiceLetter } from "./choice-letter.ts";
import { exactMatch, releasedExactMatch } from "./exact-match.ts";
import { tokenOverlap } from "./token-overlap.ts";

/** Scores of a free-text answer. */
export interface AnswerScores extends Readonly<Record<string, number>> {
  readonly f1: number;
  readonly precision: number;
  readonly recall: number;
  readonly exactMatch: number;
}

/** Which exact match an answer scorer reports. */
export interface AnswerScorerOptions {
  /** `standard` compares whole normalised answers; `released` has the quirk of the authors' code. Default `standard`. */
  readonly exactMatch?: "standard" | "released";
}

/**
 * Scorer of free-text answers: `f1`, `precision`, `recall` and `exactMatch`.
 *
 * With aliases the best alias by F1 gives `f1`, `precision` and `recall`, and any alias may give `exactMatch`.
 *
 * @example
 * ```ts
 * const scorer = createAnswerScorer();
 * console.assert(scorer.score("the Eiffel tower", { answer: "Eiffel Tower" }).exactMatch === 1);
 * ```
 */
export function createAnswerScorer(options: AnswerScorerOptions = {}): {
  /** Scores of one answer against every alias. */
  score(answer: string | null, gold: Gold): AnswerScores;
} {
  const match = options.exactMatch === "released" ? releasedExactMatch : exactMatch;
  return {
    score(answer, gold) {
      let best: AnswerScores = { f1: 0, precision: 0, recall: 0, exactMatch: 0 };
      if (answer === null) return best;
      for (const expected of expectedAnswers(gold)) {
        const overlap = tokenOverlap(answer, expected);
        const matched = Math.max(best.exactMatch, match(answer, expected));
        best = { ...(overlap.f1 > best.f1 ? overlap : best), exactMatch: matched };
      }
      return best;
    },
  };
}

/**
 * Scorer of multiple-choice answers: `accuracy` is 1 when the chosen letter is an expected one.
 *
 * An expected answer that is no single letter is compared by {@link exactMatch} instead.
 *
 * @example
 * ```ts
 * console.assert(createChoiceScorer().score("Answer: b", { answer: "B" }).accuracy === 1);
 * ```
 */
export function createChoiceScorer(): {
  /** Whether the chosen letter is an expected one. */
  score(answer: string | null, gold: Gold): { readonly accuracy: number };
} {
  return {
    score(answer, gold) {
      if (answer === null) return { accuracy: 0 };
      const letter = choiceLetter(answer);
      const right = expectedAnswers(gold).some((expected) =>
        /^[a-z]$/i.test(expected.trim())
          ? letter === expected.trim().toUpperCase()
          : exactMatch(answer, expected) === 1,
      );
      return { accuracy: right ? 1 : 0 };
    },
  };
}

function expectedAnswers(gold: Gold): readonly string[] {
  return [gold.answer, ...(gold.aliases ?? [])];
}

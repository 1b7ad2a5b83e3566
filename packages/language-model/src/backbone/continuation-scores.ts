import * as tf from "@tensorflow/tfjs";
import { finalNorm, logitsOf } from "../decoder/run-decoder.ts";
import { type Picks, pickedLogProbs } from "./picked-log-probs.ts";
import { type PromptStates, runContinuations, selectRows } from "./prompt-states.ts";
import type { TriePick } from "./token-trie.ts";
import { type PromptTrie, trieRows } from "./trie-rows.ts";

/** A trie and what is asked of it: per score its factors. */
export interface AskedTrie extends PromptTrie {
  readonly scores: readonly (readonly TriePick[])[];
}

/** Options of {@link continuationScores}. */
export interface ContinuationOptions {
  /** Whether the head's weights are trained. */
  readonly trainable: boolean;
  /** Where each prompt's last token stands among the states' rows. */
  readonly lastRows: readonly number[];
}

/**
 * Log-probabilities of continuations, trie by trie, in one packed pass over tokens that the prompts' own pass has not seen.
 *
 * Logits are made only of rows whose next token matters.
 *
 * @returns `[all scores]`; the caller owns it.
 */
export function continuationScores(
  states: PromptStates,
  asked: readonly AskedTrie[],
  { trainable, lastRows }: ContinuationOptions,
): tf.Tensor1D {
  const layout = trieRows(asked);
  const fromPrompts = new Places();
  const fromTries = new Places();
  const factors = asked.flatMap(({ prompt, scores }, trie) =>
    scores.map((score) =>
      score.map(({ node, token }) => ({
        token,
        isPrompt: node < 0,
        place:
          node < 0 ? fromPrompts.of(lastRows[prompt] as number) : fromTries.of(layout.rowOf[trie]?.[node] as number),
      })),
    ),
  );
  const picks: Picks = {
    starts: startsOf(factors),
    rows: Int32Array.from(factors.flat(), ({ place, isPrompt }) =>
      isPrompt ? place : fromPrompts.rows.length + place,
    ),
    tokens: Int32Array.from(factors.flat(), ({ token }) => token),
  };
  return tf.tidy(() => {
    const parts: tf.Tensor2D[] = [];
    if (fromPrompts.rows.length > 0) parts.push(selectRows(states.rows, fromPrompts.rows));
    if (fromTries.rows.length > 0) parts.push(runContinuations(states, layout, fromTries.rows));
    const hidden = finalNorm(states.model, parts.length === 1 ? (parts[0] as tf.Tensor2D) : tf.concat(parts, 0));
    return pickedLogProbs(logitsOf(states.model, hidden, { trainable }), picks);
  });
}

/** Rows that become logits, each once, in the order of being met. */
class Places {
  readonly #places = new Map<number, number>();

  get rows(): readonly number[] {
    return [...this.#places.keys()];
  }

  of(row: number): number {
    const place = this.#places.get(row) ?? this.#places.size;
    this.#places.set(row, place);
    return place;
  }
}

function startsOf(factors: readonly (readonly unknown[])[]): Int32Array {
  const starts = new Int32Array(factors.length + 1);
  factors.forEach((score, index) => {
    starts[index + 1] = (starts[index] as number) + score.length;
  });
  return starts;
}

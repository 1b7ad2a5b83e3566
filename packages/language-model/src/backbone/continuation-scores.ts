import { embedding } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { finalNorm, logitsOf } from "../decoder/run-decoder.ts";
import { type Picks, pickedLogProbs } from "./picked-log-probs.ts";
import { type PromptStates, runContinuations } from "./prompt-states.ts";
import type { TriePick } from "./token-trie.ts";
import { type PromptTrie, trieRows } from "./trie-rows.ts";

/** A trie and what is asked of it: per score its factors. */
export interface AskedTrie extends PromptTrie {
  readonly scores: readonly (readonly TriePick[])[];
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
  options: { readonly trainable: boolean },
): tf.Tensor1D {
  const layout = trieRows(asked);
  const lastTokens = states.segments.map(({ start, length }) => start + length - 1);
  /** Place of each needed row among those that become logits. */
  const places = { prompts: new Map<number, number>(), rows: new Map<number, number>() };
  const placeOf = (map: Map<number, number>, row: number): number => {
    const found = map.get(row) ?? map.size;
    map.set(row, found);
    return found;
  };
  const factors = asked.flatMap(({ prompt, scores }, trie) =>
    scores.map((score) =>
      score.map(({ node, token }) => ({
        token,
        fromPrompt: node < 0,
        place:
          node < 0
            ? placeOf(places.prompts, lastTokens[prompt] as number)
            : placeOf(places.rows, layout.rowOf[trie]?.[node] as number),
      })),
    ),
  );
  const picks: Picks = {
    starts: startsOf(factors),
    rows: Int32Array.from(factors.flat(), ({ place, fromPrompt }) =>
      fromPrompt ? place : places.prompts.size + place,
    ),
    tokens: Int32Array.from(factors.flat(), ({ token }) => token),
  };
  return tf.tidy(() => {
    const parts: tf.Tensor2D[] = [];
    if (places.prompts.size > 0) parts.push(rowsOf(states.rows, places.prompts));
    if (places.rows.size > 0) parts.push(rowsOf(runContinuations(states, layout), places.rows));
    const hidden = finalNorm(states.model, parts.length === 1 ? (parts[0] as tf.Tensor2D) : tf.concat(parts, 0));
    return pickedLogProbs(logitsOf(states.model, hidden, options), picks);
  });
}

/** The rows that a map has as keys, in its order. */
function rowsOf(matrix: tf.Tensor2D, rows: ReadonlyMap<number, number>): tf.Tensor2D {
  return embedding(matrix, tf.tensor1d(Int32Array.from(rows.keys()), "int32")) as tf.Tensor2D;
}

function startsOf(factors: readonly (readonly unknown[])[]): Int32Array {
  const starts = new Int32Array(factors.length + 1);
  factors.forEach((score, index) => {
    starts[index + 1] = (starts[index] as number) + score.length;
  });
  return starts;
}

import { type AssignmentScorer, tidyValue } from "@haps/tensor";
import type * as tf from "@tensorflow/tfjs";
import type { NextLogProbs } from "./best-paths.ts";
import type { LegalCandidates } from "./legal-candidates.ts";
import { allPrefixes } from "./list-assignments.ts";

/** Most prefixes of a row that are asked of a scorer of tensors ahead of being read: one pass of many rows beats many passes. */
const AHEAD = 64;

/** What is read one prefix at a time. */
export interface PathInputs {
  readonly scorer: AssignmentScorer;
  readonly legal: LegalCandidates;
  /** `[batch, candidates]`, added to the scores of every role. */
  readonly values?: tf.Tensor2D;
}

/**
 * Log-probabilities of the next role after any prefix, as plain numbers for sampling and searching; answers are remembered.
 *
 * @returns For a row of the batch its {@link NextLogProbs}.
 */
export function createPathReader({ scorer, legal, values }: PathInputs): (row: number) => NextLogProbs {
  const worth = values?.dataSync<"float32">();
  const { candidates } = scorer;
  const scoresOf = scorer.read?.bind(scorer) ?? readTensors(scorer);
  const known = new Map<string, Float64Array>();
  return (row) => (prefix) => {
    const key = `${row}:${prefix.join()}`;
    const remembered = known.get(key);
    if (remembered !== undefined) return remembered;
    const scores = scoresOf(row, prefix);
    const allowed = Float64Array.from({ length: candidates }, (_, candidate) => {
      if (legal[row]?.[candidate] !== true) return Number.NEGATIVE_INFINITY;
      return (scores[candidate] as number) + (worth?.[row * candidates + candidate] ?? 0);
    });
    const logProbs = normaliseLogs(allowed);
    known.set(key, logProbs);
    return logProbs;
  };
}

/** Reads scores out of tensors: all prefixes of all rows in one pass where they are few, else the first role of all rows. */
function readTensors(scorer: AssignmentScorer): NonNullable<AssignmentScorer["read"]> {
  const { batch, roles, candidates } = scorer;
  const known = new Map<string, Float32Array>();
  const ahead = candidates ** (roles - 1) <= AHEAD ? allPrefixes(roles, candidates) : [[]];
  const ask = (prefixes: readonly (readonly (readonly number[])[])[]): void => {
    const scores = tidyValue(() => scorer.next(prefixes).dataSync<"float32">());
    let start = 0;
    prefixes.forEach((asked, row) => {
      for (const prefix of asked) {
        known.set(`${row}:${prefix.join()}`, scores.subarray(start, start + candidates));
        start += candidates;
      }
    });
  };
  const rows = Array.from({ length: batch }, (_, row) => row);
  return (row, prefix) => {
    const key = `${row}:${prefix.join()}`;
    if (known.size === 0) ask(rows.map(() => ahead));
    if (!known.has(key)) ask(rows.map((other) => (other === row ? [prefix] : [])));
    return known.get(key) as Float32Array;
  };
}

function normaliseLogs(scores: Float64Array): Float64Array {
  const highest = Math.max(...scores);
  const logSum = highest + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - highest), 0));
  return scores.map((score) => score - logSum);
}

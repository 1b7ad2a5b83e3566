import { HapsError } from "@haps/spec";
import { type AssignmentScorer, allAssignments, untaped } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { type AssignmentTokens, assignmentSequence } from "./assignment-tokens.ts";
import { type AskedTrie, continuationScores } from "./continuation-scores.ts";
import type { PromptStates } from "./prompt-states.ts";
import { createTokenTrie } from "./token-trie.ts";

/** Most assignments that are scored as whole texts. */
const WHOLE_LIMIT = 256;

/** How assignments are scored. */
export interface AssignmentScorerOptions {
  /** Of the prompts, each with the first role's lead behind it. */
  readonly states: PromptStates;
  readonly assignments: AssignmentTokens;
  /** Whether gradients are wanted; else answers are remembered as plain numbers. */
  readonly taped: boolean;
  /** Whether the head's weights are trained. */
  readonly trainable: boolean;
  /** Where each prompt's last token stands among the states' rows. */
  readonly lastRows: readonly number[];
}

type Prefixes = readonly (readonly (readonly number[])[])[];

/**
 * Scores assignments as continuations of encoded prompts, exactly: by the probabilities of their tokens.
 *
 * `next`: `log P(id of the candidate, with the token that ends it | prompt, text before it)`. `joint`: `log P(text | prompt)` without
 * the factors of the tokens that all texts begin with. What is asked at once shares common beginnings and is one packed pass.
 */
export function assignmentScorer(options: AssignmentScorerOptions): AssignmentScorer {
  const { states, assignments, taped } = options;
  const roles = assignments.roles.length;
  const candidates = assignments.roles[0]?.options.length ?? 0;
  const batch = states.segments.length;
  const score = (asked: readonly AskedTrie[]): tf.Tensor1D => continuationScores(states, asked, options);
  const whole = (): tf.Tensor2D =>
    tf.tidy(() => tf.reshape(score(wholeTries(states, assignments)), [batch, candidates ** roles]));
  const steps = (prefixes: Prefixes): tf.Tensor2D =>
    tf.tidy(() => tf.reshape(score(stepTries(states, assignments, prefixes)), [-1, candidates]));
  const known = remembered(steps, candidates);
  let joint: tf.TypedArray | undefined;
  return {
    batch,
    roles,
    candidates,
    next(prefixes) {
      checkPrefixes(prefixes, { batch, roles, candidates });
      return taped ? steps(prefixes) : known(prefixes);
    },
    joint() {
      checkWholeCount(roles, candidates);
      if (taped) return whole();
      joint ??= valuesOf(whole);
      return tf.tensor2d(joint, [batch, candidates ** roles]);
    },
  };
}

/** Per prompt all whole texts; the tokens that all begin with are context. */
function wholeTries(states: PromptStates, assignments: AssignmentTokens): AskedTrie[] {
  const { roles } = assignments;
  const common = roles[0]?.lead.length;
  const trie = createTokenTrie();
  const scores = allAssignments(roles.length, roles[0]?.options.length ?? 0).map((assignment) =>
    trie.picks(-1, assignmentSequence(assignments, assignment).slice(common)),
  );
  return states.segments.map(({ length }, prompt) => ({ prompt, length, trie, scores }));
}

/** Per prompt the options after each prefix that is asked. */
function stepTries(states: PromptStates, { roles }: AssignmentTokens, prefixes: Prefixes): AskedTrie[] {
  return prefixes.flatMap((asked, prompt) => {
    if (asked.length === 0) return [];
    const trie = createTokenTrie();
    const scores = asked.flatMap((prefix) => {
      const chosen = prefix.flatMap((candidate, role) => [
        ...(roles[role]?.options[candidate] ?? []),
        ...(roles[role + 1]?.lead ?? []),
      ]);
      const begin = trie.walk(-1, chosen);
      return (roles[prefix.length]?.options ?? []).map((option) => trie.picks(begin, option));
    });
    return [{ prompt, length: states.segments[prompt]?.length ?? 0, trie, scores }];
  });
}

/** Answers each prefix once: those not met before, in one pass. */
function remembered(
  steps: (prefixes: Prefixes) => tf.Tensor2D,
  candidates: number,
): (prefixes: Prefixes) => tf.Tensor2D {
  const known = new Map<string, tf.TypedArray>();
  return (prefixes) => {
    const keys = prefixes.map((asked, row) => asked.map((prefix) => `${row}:${prefix.join()}`));
    const missing = prefixes.map((asked, row) => asked.filter((_, index) => !known.has(keys[row]?.[index] as string)));
    if (missing.some((asked) => asked.length > 0)) {
      const values = valuesOf(() => steps(missing));
      let start = 0;
      missing.forEach((asked, row) => {
        for (const prefix of asked) {
          known.set(`${row}:${prefix.join()}`, values.subarray(start, start + candidates));
          start += candidates;
        }
      });
    }
    const all = keys.flat();
    const result = new Float32Array(all.length * candidates);
    all.forEach((key, index) => {
      result.set(known.get(key) as tf.TypedArray, index * candidates);
    });
    return tf.tensor2d(result, [all.length, candidates]);
  };
}

function valuesOf(compute: () => tf.Tensor): tf.TypedArray {
  const result = untaped(compute);
  const values = result.dataSync();
  result.dispose();
  return values;
}

function checkWholeCount(roles: number, candidates: number): void {
  const count = candidates ** roles;
  if (count <= WHOLE_LIMIT) return;
  throw new HapsError(
    "config",
    `AssignmentScorer.joint: ${candidates} candidates in ${roles} roles make ${count} texts; expected at most ${WHOLE_LIMIT}; use the form "autoregressive"`,
    { count, limit: WHOLE_LIMIT },
  );
}

function checkPrefixes(
  prefixes: Prefixes,
  { batch, roles, candidates }: { readonly batch: number; readonly roles: number; readonly candidates: number },
): void {
  const legal = (prefix: readonly number[]): boolean =>
    prefix.length < roles && prefix.every((choice) => Number.isInteger(choice) && choice >= 0 && choice < candidates);
  if (prefixes.length === batch && prefixes.flat().length > 0 && prefixes.flat().every(legal)) return;
  throw new HapsError(
    "config",
    `AssignmentScorer.next: prefixes of ${prefixes.length} rows; expected ${batch} rows, at least one prefix, each of fewer than ${roles} candidates below ${candidates}`,
    { rows: prefixes.length, batch, roles, candidates },
  );
}

import { type AssignmentDistribution, createRng, logSoftmax } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { rowsOf } from "./autoregressive-scorer.ts";
import { bestPaths, type NextLogProbs } from "./best-paths.ts";
import { checkLimit } from "./check-limit.ts";
import { checkAssignments } from "./legal-candidates.ts";
import { allPrefixes, assertListable, LISTING_LIMIT } from "./list-assignments.ts";
import { createPathReader, type PathInputs } from "./path-reader.ts";

/** Prefixes that an exact ranking may expand for one row; about a tenth of a second. */
const EXACT_EXPANSIONS = 20_000;
/** Width of the beam that takes over after that. */
const BEAM = 256;
/** Sampled paths behind marginals of distributions too large to sum: standard error below 0.016. */
const MARGINAL_PATHS = 1024;

/**
 * A chain of softmaxes: every role sees the choices of the roles before it; illegal candidates get probability exactly 0.
 *
 * `P(z) = Π_i P(z_i | z_0 .. z_{i-1})`, so one path costs `roles * candidates` scores. Reads tensors given to `forward`, so it
 * lives as long as the surrounding `tf.tidy`. Beyond 4096 prefixes `marginals` are estimated from 1024 sampled paths with a
 * fixed seed.
 */
export function autoregressiveDistribution(inputs: PathInputs): AssignmentDistribution {
  const { legal } = inputs;
  const { roles, candidates } = inputs.scorer;
  let reader: ((row: number) => NextLogProbs) | undefined;
  const next = (row: number): NextLogProbs => {
    reader ??= createPathReader(inputs);
    return reader(row);
  };
  return {
    roles,
    candidates,
    logProb(chosen) {
      checkAssignments(chosen, legal, roles);
      return tf.tidy(() => {
        const prefixes = chosen.map((assignment) => assignment.map((_, role) => assignment.slice(0, role)));
        const taken = tf.mul(stepLogProbs(inputs, prefixes), oneHot(chosen.flat(), candidates));
        return tf.sum(tf.reshape(taken, [chosen.length, roles * candidates]), 1);
      });
    },
    allLogProbs() {
      assertListable(roles, candidates);
      return tf.tidy(() => allPaths(inputs));
    },
    sample: (rng) =>
      legal.map((_, row) => {
        const logProbs = next(row);
        const path: number[] = [];
        while (path.length < roles) path.push(rng.choice(probabilities(logProbs(path))));
        return path;
      }),
    top(limit) {
      checkLimit(limit);
      return legal.map((_, row) => bestPaths(next(row), { roles, limit, expansions: EXACT_EXPANSIONS, beam: BEAM }));
    },
    marginals: () => legal.map((_, row) => pathMarginals(next(row), roles, candidates)),
  };
}

/** Log-probabilities of the next role after each prefix that is asked, `[all that is asked, candidates]`, row after row. */
function stepLogProbs(
  { scorer, legal, values }: PathInputs,
  prefixes: readonly (readonly (readonly number[])[])[],
): tf.Tensor2D {
  const rows = prefixes.flatMap((asked, row) => asked.map(() => row));
  const own = scorer.next(prefixes);
  const scores = values === undefined ? own : tf.add<tf.Tensor2D>(own, rowsOf(values, rows));
  if (legal.every((row) => !row.includes(false))) return logSoftmax(scores) as tf.Tensor2D;
  const mask = rows.flatMap((row) => (legal[row] as readonly boolean[]).map(Number));
  return logSoftmax(scores, { mask: tf.tensor2d(mask, scores.shape) }) as tf.Tensor2D;
}

function oneHot(indices: readonly number[], width: number): tf.Tensor2D {
  const values = new Float32Array(indices.length * width);
  indices.forEach((index, row) => {
    values[row * width + index] = 1;
  });
  return tf.tensor2d(values, [indices.length, width]);
}

/** `[batch, candidates ** roles]`, role 0 most significant. */
function allPaths(inputs: PathInputs): tf.Tensor2D {
  const { roles, candidates, batch } = inputs.scorer;
  const prefixes = allPrefixes(roles, candidates);
  const all = stepLogProbs(
    inputs,
    Array.from({ length: batch }, () => prefixes),
  );
  const steps = tf.reshape<tf.Rank.R3>(all, [batch, prefixes.length, candidates]);
  let paths: tf.Tensor = tf.zeros([batch, 1, 1]);
  let first = 0;
  for (let role = 0; role < roles; role += 1) {
    const count = candidates ** role;
    const sums = tf.add(paths, tf.slice(steps, [0, first, 0], [batch, count, candidates])); // [batch, count, candidates]
    paths = tf.reshape(sums, [batch, count * candidates, 1]);
    first += count;
  }
  return tf.reshape(paths, [batch, candidates ** roles]);
}

function probabilities(logProbs: ArrayLike<number>): Float64Array {
  return Float64Array.from(logProbs, Math.exp);
}

/** `[role][candidate]`: summed over all prefixes where they can be listed, else averaged over sampled ones. */
function pathMarginals(next: NextLogProbs, roles: number, candidates: number): number[][] {
  const sums = Array.from({ length: roles }, () => new Array<number>(candidates).fill(0));
  const visit = (prefix: readonly number[], weight: number): Float64Array => {
    const step = probabilities(next(prefix));
    const roleSums = sums[prefix.length] as number[];
    step.forEach((probability, candidate) => {
      roleSums[candidate] = (roleSums[candidate] as number) + weight * probability;
    });
    return step;
  };
  if (candidates ** (roles - 1) <= LISTING_LIMIT) {
    const walk = (prefix: readonly number[], weight: number): void => {
      const step = visit(prefix, weight);
      if (prefix.length + 1 === roles) return;
      step.forEach((probability, candidate) => {
        if (probability > 0) walk([...prefix, candidate], weight * probability);
      });
    };
    walk([], 1);
    return sums;
  }
  const rng = createRng(0).fork("marginals");
  for (let path = 0; path < MARGINAL_PATHS; path += 1) {
    const prefix: number[] = [];
    while (prefix.length < roles) prefix.push(rng.choice(visit(prefix, 1 / MARGINAL_PATHS)));
  }
  return sums;
}

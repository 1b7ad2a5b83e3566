import { type AssignmentDistribution, createRng, logSoftmax, type NamedVariables } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { assertListable, assignmentOf, LISTING_LIMIT } from "./assignment-codes.ts";
import { type RoleInputs, roleScores } from "./autoregressive-scores.ts";
import { bestPaths, type NextLogProbs } from "./best-paths.ts";
import { checkLimit } from "./check-limit.ts";
import { checkAssignments, type LegalCandidates } from "./legal-candidates.ts";
import { createPathReader } from "./path-reader.ts";

/** Prefixes that an exact ranking may expand for one row; about a tenth of a second. */
const EXACT_EXPANSIONS = 20_000;
/** Width of the beam that takes over after that. */
const BEAM = 256;
/** Sampled paths behind marginals of distributions too large to sum: standard error below 0.016. */
const MARGINAL_PATHS = 1024;

/** What {@link autoregressiveDistribution} reads. */
export interface AutoregressiveInputs extends RoleInputs {
  readonly variables: NamedVariables;
  readonly roles: number;
  readonly candidates: number;
  readonly legal: LegalCandidates;
}

/**
 * A chain of softmaxes: every role sees the choices of the roles before it; illegal candidates get probability exactly 0.
 *
 * `P(z) = Π_i P(z_i | z_0 .. z_{i-1})`, so one path costs `roles * candidates` scores. Reads tensors given to `forward`, so it
 * lives as long as the surrounding `tf.tidy`. Beyond 4096 prefixes `marginals` are estimated from 1024 sampled paths with a
 * fixed seed.
 */
export function autoregressiveDistribution(inputs: AutoregressiveInputs): AssignmentDistribution {
  const { roles, candidates, legal } = inputs;
  let reader: ((row: number) => NextLogProbs) | undefined;
  const next = (row: number): NextLogProbs => {
    reader ??= createPathReader(inputs.variables, inputs, legal);
    return reader(row);
  };
  return {
    roles,
    candidates,
    logProb(chosen) {
      checkAssignments(chosen, legal, roles);
      return tf.tidy(() => {
        const steps = Array.from({ length: roles }, (_, role) => {
          const prefixes = chosen.map((assignment) => assignment.slice(0, role));
          const logProbs = maskedLogSoftmax(roleScores(inputs.variables, prefixes, inputs, true), legal);
          return tf.sum(
            tf.mul(
              logProbs,
              oneHot(
                chosen.map((assignment) => assignment[role] as number),
                candidates,
              ),
            ),
            1,
          );
        });
        return tf.addN(steps) as tf.Tensor1D;
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

function maskedLogSoftmax(scores: tf.Tensor2D, legal: LegalCandidates, repeats = 1): tf.Tensor2D {
  if (legal.every((row) => !row.includes(false))) return logSoftmax(scores) as tf.Tensor2D;
  const mask = legal.flatMap((row) => Array.from({ length: repeats }, () => row.map(Number)).flat());
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
function allPaths(inputs: AutoregressiveInputs): tf.Tensor2D {
  const { variables, roles, candidates, legal } = inputs;
  const batch = legal.length;
  let paths = maskedLogSoftmax(roleScores(variables, [[]], inputs, true), legal);
  for (let role = 1; role < roles; role += 1) {
    const count = candidates ** role;
    const prefixes = Array.from({ length: count }, (_, code) => assignmentOf(code, role, candidates));
    const steps = maskedLogSoftmax(roleScores(variables, prefixes, inputs, false), legal, count);
    const sums = tf.add(tf.reshape(paths, [batch * count, 1]), steps); // [batch * count, candidates]
    paths = tf.reshape(sums, [batch, count * candidates]);
  }
  return paths;
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

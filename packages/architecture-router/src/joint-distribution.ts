import { type AssignmentDistribution, allAssignments, assignmentCode, logSoftmax } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { checkLimit } from "./check-limit.ts";
import { checkAssignments, type LegalCandidates } from "./legal-candidates.ts";
import { compareRank } from "./ranked-assignment.ts";

/** What {@link jointDistribution} reads. */
export interface JointScores {
  readonly roles: number;
  readonly candidates: number;
  /** `[batch, candidates ** roles]`, role 0 most significant. */
  readonly logits: tf.Tensor2D;
  readonly legal: LegalCandidates;
}

/**
 * One softmax over all assignments of every row; those with an illegal candidate get probability exactly 0.
 *
 * Reads tensors made by `forward`, so it lives as long as the surrounding `tf.tidy`.
 */
export function jointDistribution(scores: JointScores): AssignmentDistribution {
  const { roles, candidates, logits, legal } = scores;
  const [batch, count] = logits.shape;
  const assignments = allAssignments(roles, candidates);
  const allowed = legal.map((row) => assignments.map((assignment) => assignment.every((index) => row[index] === true)));
  const everything = allowed.every((row) => !row.includes(false));
  const logProbs = logSoftmax(
    logits,
    everything ? {} : { mask: tf.tensor2d(allowed.flat().map(Number), [batch, count]) },
  ) as tf.Tensor2D;
  /** Legal assignments of a row with their log-probabilities. */
  const listed = (values: Float32Array, row: number) =>
    assignments.flatMap((assignment, code) =>
      allowed[row]?.[code] === true ? [{ assignment, logProb: values[row * count + code] as number }] : [],
    );
  const read = (): Float32Array => logProbs.dataSync<"float32">();
  return {
    roles,
    candidates,
    logProb(chosen) {
      checkAssignments(chosen, legal, roles);
      const selected = new Float32Array(batch * count);
      chosen.forEach((assignment, row) => {
        selected[row * count + assignmentCode(assignment, candidates)] = 1;
      });
      return tf.tidy(() => tf.sum(tf.mul(logProbs, tf.tensor2d(selected, [batch, count])), 1));
    },
    allLogProbs: () => tf.clone(logProbs),
    sample(rng) {
      const values = read();
      return legal.map((_, row) => {
        const choices = listed(values, row);
        const choice = rng.choice(choices.map(({ logProb }) => Math.exp(logProb)));
        return choices[choice]?.assignment as readonly number[];
      });
    },
    top(limit) {
      checkLimit(limit);
      const values = read();
      return legal.map((_, row) => listed(values, row).sort(compareRank).slice(0, limit));
    },
    marginals() {
      const values = read();
      return legal.map((_, row) => {
        const sums = Array.from({ length: roles }, () => new Array<number>(candidates).fill(0));
        for (const { assignment, logProb } of listed(values, row)) {
          assignment.forEach((candidate, role) => {
            const roleSums = sums[role] as number[];
            roleSums[candidate] = (roleSums[candidate] as number) + Math.exp(logProb);
          });
        }
        return sums.map(normalise);
      });
    },
  };
}

/** Takes float32 rounding out, so that a row of probabilities sums to 1. */
export function normalise(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

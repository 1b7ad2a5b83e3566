import { type AssignmentDistribution, logSoftmax } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { bestProducts } from "./best-products.ts";
import { checkLimit } from "./check-limit.ts";
import { normalise } from "./joint-distribution.ts";
import { checkAssignments, type LegalCandidates } from "./legal-candidates.ts";
import { assertListable } from "./list-assignments.ts";

/** What {@link independentDistribution} reads. */
export interface IndependentScores {
  readonly roles: number;
  readonly candidates: number;
  /** `[batch, roles * candidates]`, role 0 first. */
  readonly logits: tf.Tensor2D;
  readonly legal: LegalCandidates;
}

/**
 * A product of one softmax per role; illegal candidates get probability exactly 0.
 *
 * `P(z) = Π_i softmax(logits_i)[z_i]`. Reads tensors made by `forward`, so it lives as long as the surrounding `tf.tidy`.
 */
export function independentDistribution(scores: IndependentScores): AssignmentDistribution {
  const { roles, candidates, logits, legal } = scores;
  const batch = legal.length;
  const shape: [number, number, number] = [batch, roles, candidates];
  const everything = legal.every((row) => !row.includes(false));
  const mask = (): tf.Tensor =>
    tf.tensor3d(
      legal.flatMap((row) => Array.from({ length: roles }, () => row.map(Number)).flat()),
      shape,
    );
  const logProbs = logSoftmax(tf.reshape(logits, shape), everything ? {} : { mask: mask() }) as tf.Tensor3D;
  /** Legal candidates of a role with their log-probabilities. */
  const choices = (values: Float32Array, row: number, role: number) =>
    (legal[row] as readonly boolean[]).flatMap((isLegal, candidate) =>
      isLegal ? [{ candidate, logProb: values[(row * roles + role) * candidates + candidate] as number }] : [],
    );
  const eachRole = <Result>(compute: (row: number, role: number, values: Float32Array) => Result): Result[][] => {
    const values = logProbs.dataSync<"float32">();
    return legal.map((_, row) => Array.from({ length: roles }, (_unused, role) => compute(row, role, values)));
  };
  return {
    roles,
    candidates,
    logProb(chosen) {
      checkAssignments(chosen, legal, roles);
      const selected = new Float32Array(batch * roles * candidates);
      chosen.flat().forEach((candidate, place) => {
        selected[place * candidates + candidate] = 1;
      });
      return tf.tidy(() => tf.sum(tf.mul(logProbs, tf.tensor3d(selected, shape)), [1, 2]));
    },
    allLogProbs() {
      assertListable(roles, candidates);
      return tf.tidy(() => allProducts(logProbs));
    },
    sample: (rng) =>
      eachRole((row, role, values) => {
        const legalChoices = choices(values, row, role);
        const drawn = rng.choice(legalChoices.map(({ logProb }) => Math.exp(logProb)));
        return legalChoices[drawn]?.candidate as number;
      }),
    top(limit) {
      checkLimit(limit);
      return eachRole((row, role, values) => choices(values, row, role)).map((row) => bestProducts(row, limit));
    },
    marginals: () =>
      eachRole((row, role, values) => {
        const weights = new Array<number>(candidates).fill(0);
        for (const { candidate, logProb } of choices(values, row, role)) weights[candidate] = Math.exp(logProb);
        return normalise(weights);
      }),
  };
}

/** `[batch, roles, candidates]` to `[batch, candidates ** roles]`, role 0 most significant. */
function allProducts(logProbs: tf.Tensor3D): tf.Tensor2D {
  const [batch, roles, candidates] = logProbs.shape;
  if (roles === 1) return tf.reshape(logProbs, [batch, candidates]);
  let products: tf.Tensor = tf.zeros([batch, 1, 1]);
  for (let role = 0; role < roles; role += 1) {
    const next = tf.slice(logProbs, [0, role, 0], [batch, 1, candidates]);
    const sums = tf.add(products, next); // [batch, candidates ** role, candidates]
    products = tf.reshape(sums, [batch, candidates ** (role + 1), 1]);
  }
  return tf.reshape(products, [batch, candidates ** roles]);
}

import { linear, type NamedArray, type NamedVariables, type Rng } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { costLinearInitials, costLinearScores } from "./cost-linear-scores.ts";

/** Lengths of an autoregressive head. */
export interface AutoregressiveShape {
  readonly roles: number;
  readonly candidates: number;
  readonly hiddenDimension: number;
}

/** Starting values: per role its scores, and for all but the last role how each candidate there changes the context. */
export function autoregressiveInitials(
  shape: AutoregressiveShape,
  scale: number,
  rng: Rng,
): (readonly [string, NamedArray])[] {
  const { roles, candidates, hiddenDimension } = shape;
  const scores = Array.from({ length: roles }, (_, role) =>
    costLinearInitials(`role-${role}/`, { scores: candidates, hiddenDimension }, scale, rng),
  ).flat();
  const changes = Array.from({ length: roles - 1 }, (_, role) =>
    ["scale", "shift"].map((part): readonly [string, NamedArray] => {
      const name = `role-${role}/${part}`;
      const values = rng.fork(name).normals(hiddenDimension * candidates, scale);
      return [name, { shape: [hiddenDimension, candidates], values }];
    }),
  ).flat();
  return [...scores, ...changes];
}

/** What the scores of one role read. */
export interface RoleInputs {
  /** `[rows, hiddenDimension]`. */
  readonly hidden: tf.Tensor2D;
  /** `[rows]`. */
  readonly costWeights: tf.Tensor1D;
}

/**
 * Scores of every candidate for role `i` after the choices of the roles before it.
 *
 * `h_i = h ⊙ (1 + Σ_{j<i} G_j[z_j]) + Σ_{j<i} E_j[z_j]`, `score = u_i(h_i) - β v_i(h_i)`. The shift E lets candidates go well
 * together in general, the scale G lets that depend on the question.
 *
 * @param prefixes - Choices of the roles before, `[rows][role]`, all of one length i.
 * @returns `[rows, candidates]`. The caller owns it.
 */
export function roleScores(
  variables: NamedVariables,
  prefixes: readonly (readonly number[])[],
  inputs: RoleInputs,
): tf.Tensor2D {
  const role = prefixes[0]?.length ?? 0;
  if (role === 0) return costLinearScores(variables, "role-0/", inputs.hidden, inputs.costWeights);
  return tf.tidy(() => {
    const change = (part: string): tf.Tensor =>
      tf.addN(
        Array.from({ length: role }, (_, before) =>
          chosenColumns(variables.get(`role-${before}/${part}`), prefixes, before),
        ),
      );
    const context = tf.add<tf.Tensor2D>(tf.mul(inputs.hidden, tf.add(change("scale"), 1)), change("shift"));
    return costLinearScores(variables, `role-${role}/`, context, inputs.costWeights);
  });
}

/** Column of the candidate that each prefix chose for `role`: `[prefixes, hiddenDimension]`. */
function chosenColumns(variable: tf.Tensor, prefixes: readonly (readonly number[])[], role: number): tf.Tensor {
  const candidates = variable.shape[1] as number;
  const chosen = new Float32Array(prefixes.length * candidates);
  prefixes.forEach((prefix, index) => {
    chosen[index * candidates + (prefix[role] as number)] = 1;
  });
  return linear(tf.tensor2d(chosen, [prefixes.length, candidates]), variable as tf.Tensor2D);
}

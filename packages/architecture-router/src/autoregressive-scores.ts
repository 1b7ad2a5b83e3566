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
  /** `[rows, candidates]`, added to the scores. */
  readonly values?: tf.Tensor2D;
}

/**
 * Scores of every candidate for role `i` after the choices of the roles before it.
 *
 * `h_i = h ⊙ (1 + Σ_{j<i} G_j[z_j]) + Σ_{j<i} E_j[z_j]`, `score = u_i(h_i) - β v_i(h_i) + values`. The shift E lets
 * candidates go well together in general, the scale G lets that depend on the question.
 *
 * @param prefixes - Choices of the roles before, `[prefix][role]`, all of one length i.
 * @param inputs - `rows` is the batch when there is one prefix per row (`paired`), else every row meets every prefix.
 * @returns `[rows, candidates]` when paired, else `[rows * prefixes, candidates]`, prefixes innermost. The caller owns it.
 */
export function roleScores(
  variables: NamedVariables,
  prefixes: readonly (readonly number[])[],
  inputs: RoleInputs,
  paired: boolean,
): tf.Tensor2D {
  const role = prefixes[0]?.length ?? 0;
  if (role === 0)
    return withValues(costLinearScores(variables, "role-0/", inputs.hidden, inputs.costWeights), inputs.values);
  return tf.tidy(() => {
    const rows = inputs.costWeights.shape[0];
    const change = (part: string): tf.Tensor =>
      tf.addN(
        Array.from({ length: role }, (_, before) =>
          chosenColumns(variables.get(`role-${before}/${part}`), prefixes, before),
        ),
      );
    const scale = tf.add(change("scale"), 1); // [prefixes, hidden]
    const shift = change("shift");
    if (paired) {
      const context = tf.add<tf.Tensor2D>(tf.mul(inputs.hidden, scale), shift);
      return withValues(costLinearScores(variables, `role-${role}/`, context, inputs.costWeights), inputs.values);
    }
    const width = inputs.hidden.shape[1];
    const crossed = tf.add(tf.mul(tf.expandDims(inputs.hidden, 1), scale), shift); // [rows, prefixes, hidden]
    const context = tf.reshape<tf.Rank.R2>(crossed, [rows * prefixes.length, width]);
    const costWeights = repeatRows(tf.reshape(inputs.costWeights, [rows, 1]), prefixes.length);
    const values = inputs.values === undefined ? undefined : repeatRows(inputs.values, prefixes.length);
    const scores = costLinearScores(variables, `role-${role}/`, context, tf.reshape(costWeights, [-1]));
    return withValues(scores, values);
  });
}

function withValues(scores: tf.Tensor2D, values: tf.Tensor2D | undefined): tf.Tensor2D {
  return values === undefined ? scores : tf.add(scores, values);
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

/** `[rows, width]` to `[rows * times, width]`, copies of a row side by side. */
function repeatRows(matrix: tf.Tensor, times: number): tf.Tensor2D {
  const [rows = 0, width = 0] = matrix.shape;
  return tf.reshape(tf.tile(tf.reshape(matrix, [rows, 1, width]), [1, times, 1]), [rows * times, width]);
}

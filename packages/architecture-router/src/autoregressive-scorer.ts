import { type AssignmentScorer, embedding, type NamedVariables } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { createScoreReader } from "./autoregressive-reader.ts";
import { type RoleInputs, roleScores } from "./autoregressive-scores.ts";

/** What {@link autoregressiveScorer} reads. */
export interface AutoregressiveScorerOptions extends RoleInputs {
  readonly variables: NamedVariables;
  readonly roles: number;
  readonly candidates: number;
}

/** One prefix that is asked of one row, and its place in the answer. */
interface Question {
  readonly row: number;
  readonly prefix: readonly number[];
  readonly place: number;
}

/** The linear heads of the autoregressive form as a scorer. */
export function autoregressiveScorer(options: AutoregressiveScorerOptions): AssignmentScorer {
  const { variables, roles, candidates, hidden, costWeights } = options;
  const batch = hidden.shape[0];
  let reader: AssignmentScorer["read"];
  return {
    batch,
    roles,
    candidates,
    next(prefixes) {
      const byRole = Array.from({ length: roles }, (): Question[] => []);
      let place = 0;
      prefixes.forEach((asked, row) => {
        for (const prefix of asked) {
          byRole[prefix.length]?.push({ row, prefix, place });
          place += 1;
        }
      });
      const asked = byRole.filter((questions) => questions.length > 0);
      return tf.tidy(() => {
        const parts = asked.map((questions) => {
          const rows = questions.map(({ row }) => row);
          const inputs = {
            hidden: rowsOf(hidden, rows),
            costWeights: tf.reshape<tf.Rank.R1>(rowsOf(tf.reshape(costWeights, [batch, 1]), rows), [-1]),
          };
          return roleScores(
            variables,
            questions.map(({ prefix }) => prefix),
            inputs,
          );
        });
        const order = new Array<number>(place);
        asked.flat().forEach((question, position) => {
          order[question.place] = position;
        });
        return rowsOf(tf.concat(parts, 0), order);
      });
    },
    read(row, prefix) {
      reader ??= createScoreReader(variables, { hidden, costWeights, candidates });
      return reader(row, prefix);
    },
  };
}

/** Some rows of a matrix, in this order; the matrix itself when these are all of its rows in their own order. */
export function rowsOf(matrix: tf.Tensor2D, rows: readonly number[]): tf.Tensor2D {
  if (rows.length === matrix.shape[0] && rows.every((row, index) => row === index)) return matrix;
  return embedding(matrix, tf.tensor1d(Int32Array.from(rows), "int32")) as tf.Tensor2D;
}

import { type Arm, canonicalJson, HapsError, type Pool, type RoleId, type Settings, ShapeError } from "@haps/spec";
import { linear, type PolicyOutput } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { ArmLogProbs } from "./expected-loss.ts";

/** Where every arm stands in a policy's distributions. */
export interface ArmIndex {
  readonly roles: readonly RoleId[];
  /** In pool order, with the number of settings that the policy distributes over; 0 where nothing varies. */
  readonly candidates: readonly { readonly id: string; readonly settings: number }[];
  /** `[arm][role]`: candidate index. */
  readonly assignments: readonly (readonly number[])[];
  /** `[arm][role]`: index among the candidate's settings; -1 where nothing varies. */
  readonly settings: readonly (readonly number[])[];
}

/** What {@link createArmIndex} reads. */
export interface ArmIndexOptions {
  /** In the order of the policy's assignments. */
  readonly roles: readonly RoleId[];
  readonly pool: Pool;
  readonly arms: readonly Arm[];
  /** Settings of a candidate in the order of the policy's distribution; `null` or empty when nothing varies. */
  readonly settingsOf: (candidate: string) => readonly Settings[] | null;
}

/**
 * Finds every arm of a table in the distributions of a policy.
 *
 * @throws HapsError code `data` when an arm lacks a role or has settings that its candidate does not vary over; code
 * `unknown-candidate` when its candidate is not in the pool.
 */
export function createArmIndex(options: ArmIndexOptions): ArmIndex {
  const { roles, pool, arms, settingsOf } = options;
  const places = new Map(pool.candidates.map(({ id }, place) => [id, place]));
  const keys = new Map(
    pool.candidates.map(({ id }) => [
      id,
      new Map((settingsOf(id) ?? []).map((settings, place) => [canonicalJson(settings), place])),
    ]),
  );
  const found = arms.map((arm, number) =>
    roles.map((role): readonly [number, number] => {
      const choice = arm[role];
      if (choice === undefined) {
        fail("data", `arm ${number} has no role "${role}"; expected one choice for each of ${roles.join(", ")}`, {
          number,
          role,
        });
      }
      const place = places.get(choice.candidate);
      if (place === undefined) {
        fail(
          "unknown-candidate",
          `arm ${number} uses "${choice.candidate}"; expected one of ${[...places.keys()].join(", ")}`,
          { number, candidate: choice.candidate },
        );
      }
      const known = keys.get(choice.candidate) as ReadonlyMap<string, number>;
      if (known.size === 0) return [place, -1];
      const setting = known.get(canonicalJson(choice.settings));
      if (setting === undefined) {
        fail(
          "data",
          `arm ${number} has settings ${canonicalJson(choice.settings)}, which "${choice.candidate}" does not vary over; expected one of its ${known.size} settings`,
          { number, candidate: choice.candidate },
        );
      }
      return [place, setting];
    }),
  );
  return {
    roles,
    candidates: pool.candidates.map(({ id }) => ({ id, settings: keys.get(id)?.size ?? 0 })),
    assignments: found.map((arm) => arm.map(([place]) => place)),
    settings: found.map((arm) => arm.map(([, setting]) => setting)),
  };
}

/**
 * Log-probabilities of every arm of an index under a policy, one level at a time; differentiable.
 *
 * `log P(arm) = log P(z) + Σ_i log P(w_i | z_i)`. Deviation: the paper gives one w to a candidate whatever its role; arms
 * of a table may differ by role, so roles count one by one.
 *
 * @param output - Borrowed; of a policy over the index's pool.
 * @returns `[batch, arms]` each; the caller owns them. `settings` is `null` when nothing varies for any candidate.
 * @throws HapsError code `state` when the policy has other settings than the index for a candidate; ShapeError code `shape`
 * when it has other assignments.
 */
export function armLogProbs(index: ArmIndex, output: PolicyOutput): ArmLogProbs {
  const { candidates, assignments, settings } = index;
  const all = output.assignments.allLogProbs();
  const possible = candidates.length ** index.roles.length;
  if (all.shape[1] !== possible) {
    throw new ShapeError("armLogProbs", "the policy's assignments", `[batch, ${possible}]`, all.shape);
  }
  const codes = assignments.map((assignment) => assignment.reduce((code, next) => code * candidates.length + next, 0));
  const high = selectColumns(
    all,
    codes.map((code) => [code]),
  );
  const starts = new Map<number, number>();
  const blocks: tf.Tensor2D[] = [];
  let width = 0;
  candidates.forEach(({ id, settings: count }, place) => {
    if (count === 0) return;
    const distribution = output.settings(id);
    const got = distribution?.settings.length ?? 0;
    if (distribution === null || got !== count) {
      throw new HapsError(
        "state",
        `armLogProbs: the policy distributes over ${got} settings of "${id}"; expected the index's ${count}; make both from the same pool`,
        { candidate: id, actual: got, expected: count },
      );
    }
    starts.set(place, width);
    width += count;
    blocks.push(distribution.logProbs);
  });
  if (blocks.length === 0) return { assignments: high, settings: null };
  const columns = assignments.map((assignment, arm) =>
    assignment.flatMap((place, role) => {
      const start = starts.get(place);
      return start === undefined ? [] : [start + (settings[arm]?.[role] as number)];
    }),
  );
  const joined = blocks.length === 1 ? (blocks[0] as tf.Tensor2D) : tf.concat<tf.Tensor2D>(blocks, 1);
  return { assignments: high, settings: selectColumns(joined, columns) };
}

/** Sums of some columns, by a product with 0-1 weights, since `gather` has no gradient on wasm. */
function selectColumns(matrix: tf.Tensor2D, columns: readonly (readonly number[])[]): tf.Tensor2D {
  const width = matrix.shape[1];
  if (columns.length === width && columns.every((chosen, place) => chosen.length === 1 && chosen[0] === place)) {
    return tf.clone(matrix);
  }
  const weights = new Float32Array(columns.length * width);
  columns.forEach((chosen, row) => {
    for (const column of chosen) weights[row * width + column] = (weights[row * width + column] as number) + 1;
  });
  return linear(matrix, tf.tensor2d(weights, [columns.length, width])) as tf.Tensor2D;
}

function fail(code: "data" | "unknown-candidate", problem: string, facts: Record<string, unknown>): never {
  throw new HapsError(code, `createArmIndex: ${problem}; derive the pool from the table's arms`, facts);
}

import { HapsError, quoteValue } from "@haps/spec";
import { type AssignmentDistribution, type AssignmentScorer, assertShape } from "@haps/tensor";
import type * as tf from "@tensorflow/tfjs";
import { autoregressiveDistribution } from "./autoregressive-distribution.ts";
import { jointDistribution } from "./joint-distribution.ts";
import { checkLegal } from "./legal-candidates.ts";
import { summedValues } from "./spread-values.ts";

/** Forms of a distribution that is made of scores. */
const FORMS: readonly string[] = ["joint", "autoregressive"];

/** How scores become a distribution. */
export interface ScoredAssignmentsOptions {
  /**
   * `joint`: one softmax over the scores of all whole assignments. `autoregressive`: a softmax per role, after the choices for the
   * roles before it.
   */
  readonly form: "joint" | "autoregressive";
  /** `[batch][candidate]`; absent: all are legal. */
  readonly legal?: readonly (readonly boolean[])[];
  /** `[batch, candidates]`, added to every role's score of that candidate: what the low level can make of it. Differentiable. */
  readonly values?: tf.Tensor2D;
}

/**
 * Distribution over assignments from scores, such as those that a language model gives to assignments as text.
 *
 * `joint`: `P(z) ∝ exp s(z)`; `autoregressive`: `P(z) = Π_i softmax(s(· | z_0 .. z_{i-1}))[z_i]`; over legal assignments only, so
 * that there is no illegal output and each has an exact probability.
 *
 * @param scorer - Borrowed; call inside the `tf.tidy` that it lives in. `undefined`, as of a backbone that has no assignments, is refused.
 * @returns Tensors of the result are owned by the caller, as those of `AssignmentHead.forward`.
 * @throws HapsError code `config` for no scorer, another form, a scorer without scores of whole assignments, or a row that allows no candidate; ShapeError code
 *   `shape` for a mask or values of another shape.
 *
 * Source: z = r(p; θ), Eq. 2 of the HAPS paper. Deviation: normalised over the legal assignments, where the released code lets the
 * language model write freely and takes the first candidate when it cannot read the result.
 *
 * @example
 * ```ts
 * const scorer = {
 *   batch: 1,
 *   roles: 1,
 *   candidates: 3,
 *   next: (prefixes: readonly (readonly unknown[])[]) => tf.tensor2d(prefixes.flat().map(() => [0, 1, 5])),
 * };
 * const best = tidyValue(() =>
 *   createScoredAssignments(scorer, { form: "autoregressive", legal: [[true, true, false]] }).top(1),
 * );
 * console.assert(best[0]?.[0]?.assignment[0] === 1);
 * ```
 */
export function createScoredAssignments(
  scorer: AssignmentScorer | undefined,
  options: ScoredAssignmentsOptions,
): AssignmentDistribution {
  const operation = "createScoredAssignments";
  if (scorer === undefined) {
    throw new HapsError("config", `${operation}: there is no scorer; expected one; give the backbone its assignments`);
  }
  const { roles, candidates, batch } = scorer;
  const { form, values } = options;
  if (!FORMS.includes(form)) {
    const expected = `expected ${FORMS.map((known) => JSON.stringify(known)).join(" or ")}`;
    throw new HapsError("config", `${operation}: form is ${quoteValue(form)}; ${expected}`, { form });
  }
  const legal = checkLegal(options.legal, batch, candidates, operation);
  if (values !== undefined) assertShape(operation, "values", values, [batch, candidates]);
  if (form === "autoregressive") {
    return autoregressiveDistribution({ scorer, legal, ...(values === undefined ? {} : { values }) });
  }
  const scores = scorer.joint?.();
  if (scores === undefined) {
    throw new HapsError(
      "config",
      `${operation}: the scorer scores no whole assignments; expected one with "joint"; use the form "autoregressive"`,
      { form },
    );
  }
  assertShape(operation, "joint scores", scores, [batch, candidates ** roles]);
  return jointDistribution({ roles, candidates, legal, logits: summedValues(scores, values, roles) });
}

import { HapsError } from "@haps/spec";
import {
  type AssignmentDistribution,
  type AssignmentHead,
  assertShape,
  createVariables,
  type NamedArray,
  type Rng,
} from "@haps/tensor";
import { assignmentReader } from "./assignment-reader.ts";
import { autoregressiveDistribution } from "./autoregressive-distribution.ts";
import { autoregressiveScorer } from "./autoregressive-scorer.ts";
import { autoregressiveInitials } from "./autoregressive-scores.ts";
import { type AssignmentHeadConfig, type ResolvedAssignmentHeadConfig, resolveAssignmentHead } from "./config.ts";
import { costLinearInitials, costLinearScores } from "./cost-linear-scores.ts";
import { independentDistribution } from "./independent-distribution.ts";
import { jointDistribution } from "./joint-distribution.ts";
import { checkLegal } from "./legal-candidates.ts";
import { assertListable } from "./list-assignments.ts";
import { repeatedValues, summedValues } from "./spread-values.ts";

/** What {@link createAssignmentHead} needs: a configuration and the source of initial weights. */
export interface AssignmentHeadOptions extends AssignmentHeadConfig {
  readonly rng: Rng;
}

/**
 * Makes the trainable high level: hidden states to a distribution over assignments.
 *
 * Logits are `u(h) - β v(h)`, linear in the cost weight β, plus `values` of the candidates where given. Biases start at 0.
 *
 * @returns A head whose variables the caller owns; call `forward` inside `tf.tidy`.
 * @throws ConfigError for a wrong field or a `joint` form with more than 256 assignments.
 *
 * `forward` throws ShapeError for tensors that do not fit, code `config` when a row has no legal candidate.
 *
 * Source: z = r(p; θ), Eq. 2 of the HAPS paper. Deviation: a classification head in place of a generated JSON object, so
 * that every assignment has an exact probability.
 *
 * @example
 * ```ts
 * const head = createAssignmentHead({ roles: 2, candidates: 3, hiddenDimension: 4, rng: createRng(1) });
 * const best = tidyValue(() => head.forward(tf.ones([1, 4]), tf.zeros([1])).top(2));
 * console.assert(best[0]?.length === 2);
 * head.variables.dispose();
 * ```
 */
export function createAssignmentHead(options: AssignmentHeadOptions): AssignmentHead {
  const { rng, ...config } = options;
  const resolved = resolveAssignmentHead(config);
  const { roles, candidates, hiddenDimension } = resolved;
  const variables = createVariables(initials(resolved, rng));
  const { form } = resolved;
  return {
    variables,
    roles,
    candidates,
    ...(form === "autoregressive"
      ? {}
      : {
          reader: () => {
            assertListable(roles, candidates);
            return assignmentReader({ variables, form, roles, candidates });
          },
        }),
    forward(hidden, costWeights, { legal: mask, values } = {}): AssignmentDistribution {
      const operation = "AssignmentHead.forward";
      assertShape(operation, "hidden", hidden, [null, hiddenDimension]);
      const batch = hidden.shape[0];
      if (batch === 0) {
        throw new HapsError("shape", `${operation}: hidden has no rows; expected at least one; skip empty batches`);
      }
      assertShape(operation, "costWeights", costWeights, [batch]);
      if (values !== undefined) assertShape(operation, "values", values, [batch, candidates]);
      const legal = checkLegal(mask, batch, candidates);
      if (resolved.form === "autoregressive") {
        const scorer = autoregressiveScorer({ hidden, costWeights, variables, roles, candidates });
        return autoregressiveDistribution({ scorer, legal, ...(values === undefined ? {} : { values }) });
      }
      const scores = costLinearScores(variables, "", hidden, costWeights);
      if (resolved.form === "joint") {
        return jointDistribution({ roles, candidates, legal, logits: summedValues(scores, values, roles) });
      }
      return independentDistribution({ roles, candidates, legal, logits: repeatedValues(scores, values, roles) });
    },
  };
}

function initials(config: ResolvedAssignmentHeadConfig, rng: Rng): (readonly [string, NamedArray])[] {
  const { form, roles, candidates, hiddenDimension, initialScale } = config;
  switch (form) {
    case "autoregressive":
      return autoregressiveInitials({ roles, candidates, hiddenDimension }, initialScale, rng);
    case "joint":
      return costLinearInitials("", { scores: candidates ** roles, hiddenDimension }, initialScale, rng);
    case "independent":
      return costLinearInitials("", { scores: roles * candidates, hiddenDimension }, initialScale, rng);
    default:
      return form satisfies never;
  }
}

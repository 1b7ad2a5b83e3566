import { type CandidateId, HapsError, type Pool } from "@haps/spec";
import {
  type AssignmentHead,
  type Backbone,
  createVariables,
  joinVariables,
  logSoftmax,
  type NamedArray,
  type NamedVariables,
  type ParameterGenerator,
  type Policy,
  type PolicyBatch,
  type PolicyOutput,
  type SettingsDistribution,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { PolicyPrior, UtilityPrior } from "./action-prior.ts";
import { policyReader } from "./policy-reader.ts";

/** The parts of a policy: shared backbone θ, the high level on it, and one head γ_k per candidate that varies. */
export interface PolicyParts {
  readonly pool: Pool;
  readonly backbone: Backbone;
  readonly architecture: AssignmentHead;
  /** Candidates in which nothing varies have no entry; an empty map is the policy without a low level. */
  readonly generators: ReadonlyMap<CandidateId, ParameterGenerator>;
  /** Encoder of the low level when parameters are not shared (ablation of paper §4.4); absent: the backbone serves both. */
  readonly privateBackbone?: Backbone;
  /** Mean worth of every alternative before a question is seen; what the heads learn is a deviation from it. */
  readonly prior: PolicyPrior;
  /** Units of reward per unit of logit, > 0: the prior is divided by it. */
  readonly temperature: number;
}

/** Names of the constants that a policy starts from; they are saved with it and not trained. */
export const PRIOR_VARIABLES = /^prior\//u;

/**
 * Composes the policy r, s_k: one backbone pass serves the assignment scores and every candidate's head.
 *
 * The high level sees what the low level can make of a candidate: `logit(z_i = k) += log Σ_w exp s_k(w)`. The joint
 * distribution over arms is then one softmax over `candidate term + settings term`, so that neither level has to learn the
 * other's normaliser. Both terms start at the prior. Deviation: the paper factorises as `P(z) P(w | z)` without saying how
 * the two are scaled, and starts from a fine-tuned language model.
 *
 * The policy owns the variables of its parts: disposing `policy.variables` frees them all.
 *
 * @throws HapsError code `shape` when the assignment head scores another number of candidates than the pool has.
 */
export function createPolicy(parts: PolicyParts): Policy {
  const { backbone, architecture, generators, privateBackbone, pool } = parts;
  if (architecture.candidates !== pool.candidates.length) {
    throw new HapsError(
      "shape",
      `createPolicy: the assignment head scores ${architecture.candidates} candidates; expected the pool's ${pool.candidates.length}; make it for this pool`,
      { actual: architecture.candidates, expected: pool.candidates.length },
    );
  }
  const prior = createVariables(priorArrays(parts));
  const variables = joinVariables({
    backbone: backbone.variables,
    architecture: architecture.variables,
    ...(privateBackbone === undefined ? {} : { "private-backbone": privateBackbone.variables }),
    ...Object.fromEntries([...generators].map(([id, generator]) => [`parameters/${id}`, generator.variables])),
    prior,
  });
  return {
    variables,
    forward({ features, costWeights, legal }: PolicyBatch): PolicyOutput {
      const hidden = backbone.encode(features);
      const lowHidden = privateBackbone === undefined ? hidden : privateBackbone.encode(features);
      const settings = new Map(
        [...generators].map(([id, generator]) => {
          const distribution = generator.generate(lowHidden, costWeights);
          return [id, shift(distribution, utilities(prior, `settings/${id}`, costWeights))];
        }),
      );
      const values = tf.add<tf.Tensor2D>(
        utilities(prior, "candidates", costWeights),
        candidateValues(pool, settings, hidden.shape[0]),
      );
      const assignments = architecture.forward(hidden, costWeights, {
        values,
        ...(legal === undefined ? {} : { legal }),
      });
      return { assignments, settings: (candidate) => settings.get(candidate) ?? null };
    },
    reader: () => policyReader(parts, prior),
  };
}

function priorArrays({ prior, temperature, generators }: PolicyParts): (readonly [string, NamedArray])[] {
  const arrays = (name: string, utility: UtilityPrior): (readonly [string, NamedArray])[] =>
    (["quality", "cost"] as const).map((part) => [
      `${name}/${part}`,
      { shape: [1, utility[part].length], values: utility[part].map((value) => value / temperature) },
    ]);
  const settings = [...prior.settings].filter(([id]) => generators.has(id));
  return [
    ...arrays("candidates", prior.candidates),
    ...settings.flatMap(([id, utility]) => arrays(`settings/${id}`, utility)),
  ];
}

/** `[batch, alternatives]` in logits: `quality - costWeight * cost`. */
function utilities(prior: NamedVariables, name: string, costWeights: tf.Tensor1D): tf.Tensor2D {
  const cost = tf.mul(tf.reshape(costWeights, [-1, 1]), prior.get(`${name}/cost`));
  return tf.sub(prior.get(`${name}/quality`), cost);
}

/** A distribution whose logits are moved. */
function shift(distribution: SettingsDistribution, by: tf.Tensor2D): SettingsDistribution {
  const { settings, logProbs, value } = distribution;
  const logits = tf.add(tf.add(logProbs, tf.reshape(value, [-1, 1])), by); // [batch, settings]
  const moved = logSoftmax(logits) as tf.Tensor2D;
  return { settings, logProbs: moved, value: tf.mean<tf.Tensor1D>(tf.sub(logits, moved), 1) };
}

/** `[batch, candidates]`; 0 for a candidate in which nothing varies. */
function candidateValues(
  pool: Pool,
  settings: ReadonlyMap<CandidateId, SettingsDistribution>,
  batch: number,
): tf.Tensor2D {
  const columns = pool.candidates.map(({ id }) => {
    const value = settings.get(id)?.value;
    return value === undefined ? tf.zeros<tf.Rank.R2>([batch, 1]) : tf.reshape<tf.Rank.R2>(value, [batch, 1]);
  });
  return tf.concat<tf.Tensor2D>(columns, 1);
}

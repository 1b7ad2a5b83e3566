import type { Candidate, CandidateId, FeaturizerFactory, Pool, Settings } from "@haps/spec";
import type { AssignmentHead, Backbone, ParameterGenerator, Policy, Rng } from "@haps/tensor";
import type { PolicyPrior } from "./action-prior.ts";
import type { ResolvedHapsConfig } from "./config.ts";
import { createPolicy } from "./policy.ts";

/** The concrete parts that HAPS is put together from; the application chooses them. */
export interface HapsParts {
  readonly featurizer: FeaturizerFactory;
  /** θ. */
  createBackbone(featureDimension: number, rng: Rng): Backbone;
  /** r. */
  createArchitecture(options: {
    readonly roles: number;
    readonly candidates: number;
    readonly hiddenDimension: number;
    readonly rng: Rng;
  }): AssignmentHead;
  /** s_k of every candidate in which something varies. */
  createParameters(options: {
    readonly pool: Pool;
    readonly hiddenDimension: number;
    readonly rng: Rng;
  }): ReadonlyMap<CandidateId, ParameterGenerator>;
  /** Settings of a candidate in the order of its generator; empty when nothing varies. */
  settingsOf(candidate: Candidate): readonly Settings[];
}

/** Makes the policy of one ensemble member. */
export interface MemberOptions {
  readonly parts: HapsParts;
  readonly pool: Pool;
  readonly roles: number;
  readonly featureDimension: number;
  readonly config: ResolvedHapsConfig;
  readonly rng: Rng;
  readonly prior: PolicyPrior;
}

/** Puts one member together under the levels of the configuration; the caller owns its variables. */
export function createMember(options: MemberOptions): Policy {
  const { parts, pool, roles, featureDimension, config, rng, prior } = options;
  const backbone = parts.createBackbone(featureDimension, rng.fork("backbone"));
  const { hiddenDimension } = backbone;
  const architecture = parts.createArchitecture({
    roles,
    candidates: pool.candidates.length,
    hiddenDimension,
    rng: rng.fork("architecture"),
  });
  const low = config.levels.low === "routed";
  const generators = low ? parts.createParameters({ pool, hiddenDimension, rng: rng.fork("parameters") }) : new Map();
  const separate = low && !config.shareParameters;
  return createPolicy({
    pool,
    backbone,
    architecture,
    generators,
    prior,
    temperature: config.trainer.temperature,
    ...(separate ? { privateBackbone: parts.createBackbone(featureDimension, rng.fork("private-backbone")) } : {}),
  });
}

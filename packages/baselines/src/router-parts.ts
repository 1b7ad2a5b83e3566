import type { FeaturizerFactory } from "@haps/spec";
import type { Backbone, Rng } from "@haps/tensor";

/** What a learned baseline gets from outside. */
export interface FeatureParts {
  /** Fitted on the training questions of every fit. */
  readonly features: FeaturizerFactory;
}

/** What a baseline on tensors gets from outside. */
export interface NetworkParts extends FeatureParts {
  /**
   * Makes a trainable encoder for features of the given length, e.g. `createNgramBackbone` of `@haps/features`. The router
   * owns its variables. Absent: the baseline's own.
   */
  readonly backbone?: (featureDimension: number, rng: Rng) => Backbone;
}

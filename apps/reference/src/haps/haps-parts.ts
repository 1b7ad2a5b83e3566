import { createAssignmentHead } from "@haps/architecture-router";
import { createNgramBackbone } from "@haps/features";
import { createSettingsGenerator } from "@haps/hypernetwork";
import type { HapsParts } from "@haps/orchestrator";
import { createParameterHeads, enumerateSettings } from "@haps/parameter-router";
import type { FeaturizerFactory } from "@haps/spec";

/** The concrete parts of HAPS on recorded outcomes: n-gram features, one assignment head, one settings head per candidate. */
export function createHapsParts(featurizer: FeaturizerFactory): HapsParts {
  return {
    featurizer,
    createBackbone: (featureDimension, rng) => createNgramBackbone(featureDimension, rng),
    createArchitecture: createAssignmentHead,
    createParameters: ({ pool, hiddenDimension, rng }) =>
      createParameterHeads({
        pool,
        hiddenDimension,
        rng,
        createGenerator: ({ dimensions, settings, rng: stream }) =>
          createSettingsGenerator({ dimensions, settings, hiddenDimension, rng: stream }),
      }).generators,
    settingsOf: ({ parameters }) => enumerateSettings(parameters),
  };
}

import { createAssignmentHead } from "@haps/architecture-router";
import { createNgramBackbone, createNgramFeaturizerFactory, restoreNgramFeaturizer } from "@haps/features";
import { createSettingsGenerator } from "@haps/hypernetwork";
import {
  createHapsRouter,
  type HapsModelConfig,
  type HapsParts,
  modelArrays,
  restoreHapsModel,
  startHapsTraining,
} from "@haps/orchestrator";
import { createParameterHeads, enumerateSettings } from "@haps/parameter-router";
import type { OutcomeTable, Router } from "@haps/spec";
import { type NamedArray, readSafetensors, writeSafetensors } from "@haps/tensor";

const FEATURIZER = "featurizer/";

const parts: HapsParts = {
  featurizer: createNgramFeaturizerFactory(),
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

/** A short training, written to the bytes of a checkpoint and read back: what a router is after loading. */
export function trainAndReload(table: OutcomeTable, seed: number, steps: number): Router {
  const questions = table.rows.map(({ question }) => question);
  const featurizer = createNgramFeaturizerFactory().fit(questions, seed);
  const context = { task: table.task, pool: table.pool, training: table, seed };
  const training = startHapsTraining(context, parts, { featurizer, config: { trainer: { steps } } });
  try {
    while (!training.done) training.step();
    const model = training.finish();
    const { arrays: features, ...state } = featurizer.serialise();
    const named = Object.entries(features).map(([name, array]) => [`${FEATURIZER}${name}`, array] as const);
    const weights = writeSafetensors(new Map([...named, ...modelArrays(model)]));
    const json = JSON.stringify({ model: model.config, state });
    for (const policy of model.policies) policy.variables.dispose();
    return loadRouter(json, weights);
  } finally {
    training.dispose();
  }
}

function loadRouter(json: string, weights: Uint8Array): Router {
  const saved = JSON.parse(json) as {
    model: HapsModelConfig;
    state: Omit<Parameters<typeof restoreNgramFeaturizer>[0], "arrays">;
  };
  const { arrays } = readSafetensors(weights);
  const members = new Map<string, NamedArray>();
  const features: Record<string, NamedArray> = {};
  for (const [name, array] of arrays) {
    if (name.startsWith(FEATURIZER)) features[name.slice(FEATURIZER.length)] = array;
    else members.set(name, array);
  }
  const featurizer = restoreNgramFeaturizer({ ...saved.state, arrays: features });
  return createHapsRouter(restoreHapsModel(saved.model, members, featurizer, parts));
}

import {
  createNgramFeaturizerFactory,
  createPrototypeFeaturizerFactory,
  type NgramFeaturizerState,
  type PrototypeFeaturizerState,
  restoreNgramFeaturizer,
  restorePrototypeFeaturizer,
} from "@haps/features";
import {
  createHapsRouter,
  type HapsConfig,
  type HapsModel,
  type HapsModelConfig,
  type HapsTraining,
  modelArrays,
  restoreHapsModel,
  startHapsTraining,
} from "@haps/orchestrator";
import { type FitContext, type FitEvent, HapsError, type Router, type RouterFactory } from "@haps/spec";
import type { NamedArray } from "@haps/tensor";
import { createHapsParts } from "./haps-parts.ts";
import { shareFeaturizer } from "./share-featurizer.ts";
import { trainOnce } from "./train-once.ts";

const featurizerFactory = createPrototypeFeaturizerFactory(createNgramFeaturizerFactory());

/** The features of every method: fitted once per fold and process. */
export const sharedFeaturizer = shareFeaturizer(featurizerFactory);

const parts = createHapsParts(sharedFeaturizer);

/** Options of {@link createHapsFactory}. */
export interface HapsFactoryOptions {
  /** Default `haps`. */
  readonly id?: string;
  readonly config?: HapsConfig;
  /** Chooses its own cost weight on held-out training rows. Default `false`. */
  readonly operatingPoint?: boolean;
}

/** HAPS as a method of an evaluation. */
export function createHapsFactory(options: HapsFactoryOptions = {}): RouterFactory {
  const { id = "haps", config, operatingPoint = false } = options;
  return {
    id,
    createRouter: async (context) => {
      const model = await trainShared(context, config ?? {});
      return createHapsRouter(model, { id, operatingPoint });
    },
  };
}

const trainShared = trainOnce(trainToEnd, parts);

async function trainToEnd(context: FitContext, config: HapsConfig): Promise<HapsModel> {
  const training = startHapsTraining(context, parts, { config });
  try {
    while (!training.done) {
      const { phase, loss } = training.step();
      const event: FitEvent = {
        type: "fit-step",
        phase,
        step: training.completedSteps,
        steps: training.totalSteps,
        loss,
      };
      context.onEvent?.(event);
      if (training.completedSteps % 50 === 0) await nextTurn();
      context.signal?.throwIfAborted();
    }
    return training.finish();
  } finally {
    training.dispose();
  }
}

/** Lets a pending Ctrl-C be handled between steps that never wait. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A trained router as it is written down: plain JSON and named arrays. */
export interface SavedHaps {
  readonly config: {
    readonly model: HapsModelConfig;
    readonly ngrams: Omit<NgramFeaturizerState, "arrays">;
    readonly prototypes: Omit<PrototypeFeaturizerState, "prototypes">;
  };
  readonly arrays: ReadonlyMap<string, NamedArray>;
}

/** Training for `haps train`: a step at a time, with snapshots to resume from. */
export interface ResumableTraining extends Omit<HapsTraining, "finish"> {
  /** The router and what to save of it; the caller disposes the router. */
  finish(): { readonly router: Router; save(): SavedHaps };
}

/** Starts a training whose result can be saved. */
export function startTraining(context: FitContext, config?: HapsConfig): ResumableTraining {
  const questions = context.training.rows.map((row) => row.question);
  const featurizer = featurizerFactory.fit(questions, context.seed);
  const training = startHapsTraining(context, parts, { featurizer, ...(config === undefined ? {} : { config }) });
  return {
    totalSteps: training.totalSteps,
    get completedSteps() {
      return training.completedSteps;
    },
    get done() {
      return training.done;
    },
    step: () => training.step(),
    snapshot: () => training.snapshot(),
    restore: (snapshot) => training.restore(snapshot),
    dispose: () => training.dispose(),
    finish: () => {
      const model = training.finish();
      return {
        router: createHapsRouter(model),
        save: () => {
          const { arrays: ngramArrays, ...ngrams } = featurizer.inner.serialise();
          const { prototypes: centres, ...prototypes } = featurizer.serialise();
          const named = Object.entries(ngramArrays).map(([name, array]) => [`ngrams/${name}`, array] as const);
          return {
            config: { model: model.config, ngrams, prototypes },
            arrays: new Map([...named, ["prototypes", centres], ...modelArrays(model)]),
          };
        },
      };
    },
  };
}

/** Options of {@link loadRouter}. */
export interface LoadRouterOptions {
  /** Hash of the checkpoint, for audits. */
  readonly hash?: string;
  readonly operatingPoint?: boolean;
}

/**
 * A router from what {@link ResumableTraining.finish} saved; it decides bit for bit as the one that was saved.
 *
 * @throws HapsError code `state`, `shape` or `config` when it is no saved router of this version.
 */
export function loadRouter({ config, arrays }: SavedHaps, options: LoadRouterOptions = {}): Router {
  if (config?.model?.kind !== "haps" || config.model.formatVersion !== 1) {
    throw new HapsError(
      "state",
      `loadRouter: got kind ${JSON.stringify(config?.model?.kind)}, version ${JSON.stringify(config?.model?.formatVersion)}; expected "haps", version 1; train again with this release`,
    );
  }
  const own = (prefix: string): (readonly [string, NamedArray])[] =>
    [...arrays].filter(([name]) => name.startsWith(prefix)).map(([name, array]) => [name.slice(prefix.length), array]);
  const ngrams = restoreNgramFeaturizer({ ...config.ngrams, arrays: Object.fromEntries(own("ngrams/")) });
  const centres = arrays.get("prototypes") ?? { shape: [0, 0], values: new Float32Array() };
  const featurizer = restorePrototypeFeaturizer({ ...config.prototypes, prototypes: centres }, ngrams);
  const members = new Map([...arrays].filter(([name]) => name.startsWith("member/")));
  return createHapsRouter(restoreHapsModel(config.model, members, featurizer, parts), options);
}

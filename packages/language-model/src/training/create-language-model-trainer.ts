import { HapsError, parseConfig } from "@haps/spec";
import {
  clipByGlobalNorm,
  createAdamW,
  firstNonFinite,
  type Gradients,
  globalNorm,
  type NamedArray,
  type Optimizer,
  type Rng,
  readVariables,
  writeVariables,
} from "@haps/tensor";
import { z } from "zod";
import type { LanguageModel } from "../model/language-model.ts";
import { batchGradients } from "./batch-gradients.ts";
import { type TrainerConfig, trainerConfigSchema } from "./trainer-config.ts";
import type { TrainingSequence } from "./training-sequence.ts";

/** What {@link createLanguageModelTrainer} needs. */
export interface LanguageModelTrainerOptions {
  /** Borrowed; its variables are trained. */
  readonly model: LanguageModel;
  readonly config?: TrainerConfig;
  /**
   * The batch of a step, which counts from 0. It must depend on its arguments only, so that a resumed training sees what an unbroken
   * one sees; `rng` is a stream of the step's own. See `shuffledBatches`.
   */
  readonly batches: (step: number, rng: Rng) => readonly TrainingSequence[];
  /** Where the steps' streams are forked from. */
  readonly rng: Rng;
}

/** What one update did. */
export interface LanguageModelTrainingStep {
  /** Updates before this one. */
  readonly step: number;
  /** Mean over the tokens that count, before the update, in nats. */
  readonly loss: number;
  /** Norm of all gradients before clipping. */
  readonly gradientNorm: number;
  readonly clipped: boolean;
  readonly learningRate: number;
  /** Tokens that counted. */
  readonly tokens: number;
  /** Passes that the batch was taken apart into. */
  readonly passes: number;
}

const progressSchema = z.strictObject({
  step: z.int().nonnegative(),
  tokens: z.int().nonnegative(),
  key: z.tuple([z.int(), z.int()]).readonly(),
});

/** All of a training that a resumed run needs. */
export interface LanguageModelTrainingState {
  /** Plain JSON. */
  readonly progress: {
    /** Updates made. */
    readonly step: number;
    /** Tokens that counted in them. */
    readonly tokens: number;
    /** Key of the stream that the batches' streams are forked from. */
    readonly key: readonly [number, number];
  };
  /** Weights under `model/`, moments under `optimizer/`; copies. */
  readonly arrays: ReadonlyMap<string, NamedArray>;
}

/** Trains a language model step by step. It holds no tensors of its own. */
export interface LanguageModelTrainer {
  /** Updates made so far. */
  readonly completedSteps: number;
  /**
   * One update.
   *
   * @throws HapsError code `non-finite` naming tensor and step when loss or gradients are not finite or the norm exceeds the limit: the
   *   weights are then still those of the last good step. Errors of `nextTokenLoss` and of `batches`.
   */
  step(): LanguageModelTrainingStep;
  /** What to save; HapsError code `non-finite` naming a weight that is not finite. */
  state(): LanguageModelTrainingState;
  /** Continues from `state`; HapsError code `state` when it is of another model or seed, and then nothing has changed. */
  restore(state: LanguageModelTrainingState): void;
}

/**
 * Makes a trainer: masked next-token loss, accumulation over passes, clipping, AdamW with a schedule.
 *
 * Deterministic: equal model, configuration, batches and seed give equal bits on one backend, also when it was resumed in between.
 *
 * @returns Nothing to dispose; the model stays the caller's.
 * @throws ConfigError naming every field that is wrong.
 *
 * @example
 * ```ts
 * const shape = { family: "llama", vocabulary: 8, dim: 8, layers: 1, heads: 2, hidden: 8, context: 16 } as const;
 * const model = createLanguageModel({ ...shape, rng: createRng(1) });
 * const trainer = createLanguageModelTrainer({
 *   model,
 *   config: { optimizer: { learningRate: 0.02 } },
 *   batches: () => [{ tokens: [1, 2, 1, 2, 1, 2] }],
 *   rng: createRng(2),
 * });
 * const losses = Array.from({ length: 20 }, () => trainer.step().loss);
 * console.assert((losses[19] ?? 1) < (losses[0] ?? 0));
 * model.dispose();
 * ```
 */
export function createLanguageModelTrainer(options: LanguageModelTrainerOptions): LanguageModelTrainer {
  const { model, batches, rng } = options;
  const { optimizer: adamW, ...config } = parseConfig(
    "createLanguageModelTrainer",
    trainerConfigSchema,
    options.config ?? {},
  );
  const optimizer = createAdamW(model.variables, adamW);
  const { key } = rng.state();
  let tokens = 0;
  return {
    get completedSteps() {
      return optimizer.step;
    },
    step: () => {
      const { step, learningRate } = optimizer;
      const batch = batches(step, rng.fork(`step ${step}`));
      const computed = batchGradients(model, batch, config.microBatchTokens, step);
      const { norm, gradients } =
        config.clipNorm === null
          ? { norm: globalNorm(computed.gradients), gradients: computed.gradients }
          : clipByGlobalNorm(computed.gradients, config.clipNorm);
      if (!(norm <= config.gradientLimit)) throw diverged(computed.gradients, norm, config.gradientLimit, step);
      optimizer.apply(gradients);
      tokens += computed.tokens;
      return {
        step,
        loss: computed.loss,
        gradientNorm: norm,
        clipped: gradients !== computed.gradients,
        learningRate,
        tokens: computed.tokens,
        passes: computed.passes,
      };
    },
    state: () => ({ progress: { step: optimizer.step, tokens, key }, arrays: readArrays(model, optimizer) }),
    restore: (state) => {
      const progress = checkedProgress(state, key);
      restoreArrays(model, optimizer, progress.step, state.arrays);
      tokens = progress.tokens;
    },
  };
}

const MODEL = "model/";
const OPTIMIZER = "optimizer/";

function readArrays(model: LanguageModel, optimizer: Optimizer): ReadonlyMap<string, NamedArray> {
  const arrays = new Map<string, NamedArray>();
  for (const [name, array] of readVariables(model.variables)) {
    const bad = firstNonFinite(array.values);
    if (bad >= 0) {
      throw new HapsError(
        "non-finite",
        `LanguageModelTrainer.state: "${name}" holds ${array.values[bad]} after ${optimizer.step} steps; go back to an earlier state with a lower learning rate`,
        { tensor: name, step: optimizer.step },
      );
    }
    arrays.set(`${MODEL}${name}`, array);
  }
  for (const [slot, values] of optimizer.state().slots) {
    arrays.set(`${OPTIMIZER}${slot}`, { shape: [values.length], values });
  }
  return arrays;
}

/** States come from files, so the declared type proves nothing. */
function checkedProgress(
  state: LanguageModelTrainingState,
  key: readonly [number, number],
): LanguageModelTrainingState["progress"] {
  const progress = parseConfig("LanguageModelTrainer.restore", progressSchema, state.progress);
  if (progress.key.join() === key.join()) return progress;
  throw new HapsError(
    "state",
    "LanguageModelTrainer.restore: the state comes from a training with another seed; continue it with its own",
    { got: progress.key, expected: key },
  );
}

function restoreArrays(
  model: LanguageModel,
  optimizer: Optimizer,
  step: number,
  arrays: LanguageModelTrainingState["arrays"],
): void {
  const weights = new Map<string, NamedArray>();
  const slots = new Map<string, Float32Array>();
  for (const [name, array] of arrays) {
    if (name.startsWith(MODEL)) weights.set(name.slice(MODEL.length), array);
    else slots.set(name.startsWith(OPTIMIZER) ? name.slice(OPTIMIZER.length) : name, array.values);
  }
  const before = optimizer.state();
  optimizer.restore({ step, slots });
  try {
    writeVariables(model.variables, weights);
  } catch (error) {
    optimizer.restore(before);
    throw error;
  }
}

function diverged(gradients: Gradients, norm: number, limit: number, step: number): HapsError {
  let tensor = "";
  let largest = -1;
  for (const [name, gradient] of gradients) {
    const own = globalNorm(new Map([[name, gradient]]));
    if (own <= largest) continue;
    tensor = name;
    largest = own;
  }
  return new HapsError(
    "non-finite",
    `LanguageModelTrainer.step: the gradients' norm is ${norm} at step ${step}, most of it of "${tensor}"; expected at most ${limit}; lower the learning rate, warm up longer, or check the data`,
    { tensor, norm, limit, step },
  );
}

import { type Abortable, HapsError, parseConfig } from "@haps/spec";
import { type NamedArray, type PromptPolicy, readVariables, writeVariables } from "@haps/tensor";
import { z } from "zod";
import {
  type LiveTrainingConfig,
  liveTrainingSchema,
  type ResolvedLiveTrainingConfig,
} from "./live-training-config.ts";
import type { LiveTrainingState } from "./live-training-state.ts";

/** A trainer that a loop can drive: `createJointTrainer` or `createWarmUp`. */
export interface ResumableTrainer<Step, Progress> {
  /** Steps done so far. */
  readonly completedSteps: number;
  /** Makes one step; where it throws, nothing has changed. */
  step(options?: Abortable): Step | Promise<Step>;
  /** What to save. */
  state(): LiveTrainingState<Progress>;
  /** Continues from `state`. */
  restore(state: LiveTrainingState<Progress>): void;
}

/** What a look at valid found. */
export interface Validation {
  /** The larger the better, finite. */
  readonly score: number;
  /** Whatever else is to be kept in the learning curve. */
  readonly figures?: Readonly<Record<string, number | null>>;
}

/** One point of the learning curve. */
export interface CurvePoint extends Validation {
  /** Steps done when it was looked. */
  readonly step: number;
  /** Whether it was the best so far. */
  readonly improved: boolean;
}

/** Why a training is over. */
export type StopReason =
  | { readonly kind: "steps" | "patience" }
  /** A number was not finite or the gradients exploded; the weights are those of the last good step. */
  | { readonly kind: "non-finite"; readonly message: string };

/** What one advance did. */
export type TrainingEvent<Step> =
  | { readonly kind: "step"; readonly step: Step }
  | { readonly kind: "validation"; readonly point: CurvePoint }
  | { readonly kind: "stop"; readonly reason: StopReason };

/** What {@link createLiveTraining} needs. */
export interface LiveTrainingOptions<Step, Progress> {
  /** Borrowed. */
  readonly trainer: ResumableTrainer<Step, Progress>;
  /** The one that is trained; borrowed. */
  readonly policy: PromptPolicy;
  /** Looks at valid. It must depend on the weights and its argument only, so that a resumed training sees what an unbroken one sees. */
  readonly evaluate: (at: { readonly step: number } & Abortable) => Promise<Validation>;
  readonly config: LiveTrainingConfig;
}

/** Where a training stands; plain JSON. */
export interface LiveTrainingProgress<Progress> {
  readonly trainer: Progress;
  readonly curve: readonly CurvePoint[];
  readonly stopReason: StopReason | null;
}

/** A training that goes on until its steps, its patience or its numbers end. It reads and writes no files. */
export interface LiveTraining<Step, Progress> {
  readonly done: boolean;
  readonly stopReason: StopReason | null;
  /** Looks at valid so far. */
  readonly curve: readonly CurvePoint[];
  /** The best of them. */
  readonly best: CurvePoint | null;
  /**
   * Does the next thing, a step or a look at valid. After it, {@link LiveTraining.state} is worth saving.
   *
   * A number that is not finite ends the training with a reason in place of an error.
   *
   * @throws HapsError code `state` when training is over; code `data` for a score that is not finite; errors of the trainer and of
   *   `evaluate`, after which it can be called again.
   */
  advance(options?: Abortable): Promise<TrainingEvent<Step>>;
  /** Everything: the trainer's state under `trainer/`, the best weights under `best/`. */
  state(): LiveTrainingState<LiveTrainingProgress<Progress>>;
  /** Continues from `state`; HapsError code `state` or `shape` when it does not fit. */
  restore(state: LiveTrainingState<LiveTrainingProgress<Progress>>): void;
  /** Puts the best weights into the policy; HapsError code `state` when valid was never looked at. */
  takeBest(): void;
}

const figure = z.number().nullable();
const progressSchema = z.strictObject({
  trainer: z.unknown(),
  curve: z.array(
    z.strictObject({
      step: z.int().nonnegative(),
      score: z.number(),
      figures: z.record(z.string(), figure).exactOptional(),
      improved: z.boolean(),
    }),
  ),
  stopReason: z
    .discriminatedUnion("kind", [
      z.strictObject({ kind: z.enum(["steps", "patience"]) }),
      z.strictObject({ kind: z.literal("non-finite"), message: z.string() }),
    ])
    .nullable(),
});

const TRAINER = "trainer/";
const BEST = "best/";

/**
 * Makes the loop around a trainer: looks at valid every so many steps, keeps the best weights, stops when patience ends.
 *
 * The next thing to do follows from the steps done and the curve, so that a training resumed from any state ends in the same bytes.
 *
 * @returns Nothing to dispose.
 * @throws ConfigError naming every field that is wrong.
 */
export function createLiveTraining<Step, Progress>(
  options: LiveTrainingOptions<Step, Progress>,
): LiveTraining<Step, Progress> {
  const { trainer, policy, evaluate } = options;
  const config = parseConfig("createLiveTraining", liveTrainingSchema, options.config);
  let curve: readonly CurvePoint[] = [];
  let stopReason: StopReason | null = null;
  let bestWeights: ReadonlyMap<string, NamedArray> | undefined;
  const best = (): CurvePoint | null => curve.findLast(({ improved }) => improved) ?? null;
  const stop = (reason: StopReason): TrainingEvent<Step> => {
    stopReason = reason;
    return { kind: "stop", reason };
  };
  const validate = async (abortable: Abortable): Promise<TrainingEvent<Step>> => {
    const step = trainer.completedSteps;
    const found = await evaluate({ ...abortable, step });
    checkScore(found.score, step);
    const improved = found.score > (best()?.score ?? Number.NEGATIVE_INFINITY) + config.minimumGain;
    const point: CurvePoint = { step, ...found, improved };
    if (improved) bestWeights = readVariables(policy.variables);
    curve = [...curve, point];
    return { kind: "validation", point };
  };
  const advanceStep = async (abortable: Abortable): Promise<TrainingEvent<Step>> => {
    try {
      return { kind: "step", step: await trainer.step(abortable) };
    } catch (error) {
      if (!HapsError.isInstance(error) || error.code !== "non-finite") throw error;
      return stop({ kind: "non-finite", message: error.message });
    }
  };
  return {
    get done() {
      return stopReason !== null;
    },
    get stopReason() {
      return stopReason;
    },
    get curve() {
      return curve;
    },
    get best() {
      return best();
    },
    async advance(abortable = {}) {
      if (stopReason !== null) {
        throw new HapsError("state", `LiveTraining.advance: training is over (${stopReason.kind}); call takeBest()`, {
          stopReason,
        });
      }
      if (isDue(curve, trainer.completedSteps, config)) return validate(abortable);
      if (isPatienceOver(curve, config.patience)) return stop({ kind: "patience" });
      if (trainer.completedSteps >= config.steps) return stop({ kind: "steps" });
      return advanceStep(abortable);
    },
    state() {
      const own = trainer.state();
      const arrays = [...prefixed(TRAINER, own.arrays), ...prefixed(BEST, bestWeights ?? new Map())];
      return { progress: { trainer: own.progress, curve, stopReason }, arrays: new Map(arrays) };
    },
    restore({ progress, arrays }) {
      const parsed = parseConfig("LiveTraining.restore", progressSchema, progress);
      const weights = section(BEST, arrays);
      const improved = parsed.curve.some((point) => point.improved);
      if (improved || weights.size > 0) checkWeights(policy, weights);
      trainer.restore({ progress: progress.trainer, arrays: section(TRAINER, arrays) });
      bestWeights = improved ? weights : undefined;
      ({ curve, stopReason } = parsed);
    },
    takeBest() {
      if (bestWeights !== undefined) return writeVariables(policy.variables, bestWeights);
      throw new HapsError("state", "LiveTraining.takeBest: valid was never looked at; expected a look; advance first");
    },
  };
}

/** Whether it is time to look at valid, at a step at which nobody has looked. */
function isDue(curve: readonly CurvePoint[], step: number, config: ResolvedLiveTrainingConfig): boolean {
  if (curve.at(-1)?.step === step) return false;
  if (step === 0) return config.validateAtStart;
  return step % config.validateEvery === 0 || step >= config.steps;
}

function isPatienceOver(curve: readonly CurvePoint[], patience: number | null): boolean {
  if (patience === null) return false;
  return curve.length - 1 - curve.findLastIndex(({ improved }) => improved) >= patience;
}

function checkScore(score: number, step: number): void {
  if (Number.isFinite(score)) return;
  throw new HapsError(
    "data",
    `LiveTraining.advance: the score on valid is ${score} after ${step} steps; expected a finite number; check that episodes succeed`,
    { score, step },
  );
}

/** All is checked before the trainer changes anything. */
function checkWeights({ variables }: PromptPolicy, weights: ReadonlyMap<string, NamedArray>): void {
  const wrong = variables.names().filter((name) => weights.get(name)?.values.length !== variables.get(name).size);
  if (wrong.length === 0 && weights.size === variables.size) return;
  throw new HapsError(
    "state",
    `LiveTraining.restore: the best weights do not fit the policy; wrong or missing [${wrong.slice(0, 5).join(", ")}] of ${variables.size}, got ${weights.size}; restore with the same policy`,
    { wrong, got: weights.size, expected: variables.size },
  );
}

function prefixed(prefix: string, arrays: ReadonlyMap<string, NamedArray>): (readonly [string, NamedArray])[] {
  return [...arrays].map(([name, array]) => [`${prefix}${name}`, array] as const);
}

function section(prefix: string, arrays: ReadonlyMap<string, NamedArray>): ReadonlyMap<string, NamedArray> {
  const own = [...arrays].filter(([name]) => name.startsWith(prefix));
  return new Map(own.map(([name, array]) => [name.slice(prefix.length), array]));
}

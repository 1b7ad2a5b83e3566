import { type BaselineState, initialBaselineState } from "@haps/reward";
import { HapsError } from "@haps/spec";
import {
  clipByGlobalNorm,
  createAdamW,
  type GradientPenalty,
  lossAndGradients,
  type NamedArray,
  type Optimizer,
  type Policy,
  pullToStart,
  type Rng,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { ResolvedTrainerConfig } from "./config.ts";
import { PRIOR_VARIABLES } from "./policy.ts";
import { prepareJoint, prepareWarmUp } from "./policy-loss.ts";
import { type BatchSource, makeBatch } from "./training-batches.ts";

/** What the training of one member reads. */
export interface MemberTrainingOptions {
  /** At its starting point; borrowed. */
  readonly policy: Policy;
  readonly source: BatchSource;
  /** Rows that this member learns from. */
  readonly rows: readonly number[];
  readonly costWeights: readonly number[];
  readonly config: ResolvedTrainerConfig;
  /** A stream of every step's own, so that a snapshot needs no generator state. */
  readonly stepRng: (step: number) => Rng;
}

/** What one update did. */
export interface MemberStep {
  /** Updates before this one. */
  readonly step: number;
  readonly phase: "warm-up" | "joint";
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
}

/** Updates one policy: warm-up first, then the joint objective. */
export class MemberTraining {
  readonly #options: MemberTrainingOptions;
  readonly #optimizer: Optimizer;
  readonly #penalty: GradientPenalty;
  readonly #warmUpSteps: number;
  #baseline: BaselineState = initialBaselineState;

  constructor(options: MemberTrainingOptions) {
    const { config, policy, rows, source } = options;
    this.#options = options;
    this.#optimizer = createAdamW(policy.variables, {
      learningRate: {
        kind: "cosine",
        rate: config.learningRate,
        finalRate: 0,
        warmupSteps: 0,
        totalSteps: config.steps,
      },
      beta2: 0.99,
      weightDecay: 0,
      groups: [{ pattern: PRIOR_VARIABLES.source, learningRateFactor: 0 }],
    });
    this.#penalty = pullToStart(policy.variables, config.penalty / rows.length);
    this.#warmUpSteps = source.objective.warmUp.kind === "none" ? 0 : Math.round(config.warmUpShare * config.steps);
  }

  /** Updates done so far. */
  get completedSteps(): number {
    return this.#optimizer.step;
  }

  /**
   * One update; nothing is written when a number is not finite.
   *
   * @param globalStep - Named in errors.
   */
  step(globalStep: number): MemberStep {
    const { policy, source, config, costWeights } = this.#options;
    const { step, learningRate } = this.#optimizer;
    const rng = this.#options.stepRng(step);
    const phase = step < this.#warmUpSteps ? "warm-up" : "joint";
    const rows = this.#batchRows(rng.fork("rows"));
    const batch = makeBatch(source, rows, drawCostWeights(costWeights, rng.fork("cost-weights"), rows.length));
    const context = {
      policy,
      index: source.actions.index,
      objective: source.objective,
      baseline: this.#baseline,
      rng: rng.fork("actions"),
    };
    try {
      const { loss, baseline } = phase === "warm-up" ? prepareWarmUp(context, batch) : prepareJoint(context, batch);
      const computed = lossAndGradients(policy.variables, loss, globalStep);
      const { norm, gradients } = clipByGlobalNorm(this.#penalty(computed.gradients), config.clipNorm);
      this.#optimizer.apply(gradients);
      this.#baseline = baseline;
      return { step, phase, loss: computed.loss, gradientNorm: norm, learningRate };
    } catch (error) {
      throw withStep(error, globalStep);
    } finally {
      tf.dispose([batch.features, batch.costWeights]);
    }
  }

  /** A copy of what changes beside the policy's variables. */
  state(): { readonly baseline: BaselineState; readonly slots: ReadonlyMap<string, NamedArray> } {
    const slots = [...this.#optimizer.state().slots].map(
      ([name, values]) => [name, { shape: [values.length], values }] as const,
    );
    return { baseline: this.#baseline, slots: new Map(slots) };
  }

  /** Continues at a step. Code `state` or `shape` when the arrays are not those of this policy. */
  restore(
    step: number,
    saved: { readonly baseline: BaselineState; readonly slots: ReadonlyMap<string, NamedArray> },
  ): void {
    const slots = [...saved.slots].map(([name, { values }]) => [name, values] as const);
    this.#optimizer.restore({ step, slots: new Map(slots) });
    this.#baseline = saved.baseline;
  }

  #batchRows(rng: Rng): readonly number[] {
    const { rows, config } = this.#options;
    return rows.length <= config.batchRows ? rows : rng.shuffle(rows).slice(0, config.batchRows);
  }
}

/** Losses do not know the step at which a number exploded. */
function withStep(error: unknown, step: number): unknown {
  if (!HapsError.isInstance(error) || error.code !== "non-finite" || "step" in error.facts) return error;
  return new HapsError("non-finite", `step ${step}: ${error.message}`, { ...error.facts, step }, { cause: error });
}

function drawCostWeights(costWeights: readonly number[], rng: Rng, count: number): Float32Array {
  return Float32Array.from({ length: count }, () => costWeights[rng.integer(costWeights.length)] as number);
}

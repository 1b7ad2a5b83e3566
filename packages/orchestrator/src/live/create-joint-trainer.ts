import { type BaselineState, type CostScale, initialBaselineState, type ResolvedObjectiveConfig } from "@haps/reward";
import {
  type Abortable,
  type CandidateId,
  type Environment,
  type GradientEngine,
  HapsError,
  parseConfig,
} from "@haps/spec";
import type { PromptPolicy, Rng } from "@haps/tensor";
import { z } from "zod";
import { jointLoss } from "./joint-loss.ts";
import { type JointStep, jointStepReport } from "./joint-step.ts";
import {
  type JointTrainerConfig,
  type ResolvedJointTrainerConfig,
  resolveJointTrainer,
} from "./joint-trainer-config.ts";
import type { LiveQuestion } from "./live-question.ts";
import { assertSameStream, type LiveTrainingState } from "./live-training-state.ts";
import { PolicyUpdater } from "./policy-updater.ts";
import { assignmentChoice, rollOut } from "./roll-out.ts";
import { type TokenGradients, tokenGradients } from "./token-gradients.ts";
import { type WeighedEpisode, weighEpisodes } from "./weigh-episodes.ts";

/** What {@link createJointTrainer} needs. */
export interface JointTrainerOptions {
  /** Borrowed; its variables are trained. */
  readonly policy: PromptPolicy;
  /** Must record calls where tokens get a gradient. */
  readonly environment: Environment;
  /** Of every candidate that takes generated weights; borrowed. */
  readonly engines: ReadonlyMap<CandidateId, GradientEngine>;
  /** At least one. */
  readonly questions: readonly LiveQuestion[];
  /** With `assignmentGradient` `reinforce` or `none` and `parameterGradient` `tokenLikelihood` or `none`. */
  readonly objective: ResolvedObjectiveConfig;
  /** Fitted on training outcomes; `null` where costs do not count. */
  readonly costScale: CostScale | null;
  readonly config: JointTrainerConfig;
  /** Where the steps' streams are forked from. */
  readonly rng: Rng;
  /** Names of variables that are not trained. */
  readonly frozen?: RegExp;
}

/** Schema of what a joint trainer's state says beside its arrays. */
const progressSchema = z.strictObject({
  step: z.int().nonnegative(),
  updates: z.int().nonnegative(),
  position: z.int().nonnegative(),
  episodes: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  baseline: z.strictObject({ average: z.number(), batches: z.int().nonnegative() }).readonly(),
  key: z.tuple([z.int(), z.int()]).readonly(),
});

/** Where a joint training stands; plain JSON. */
export interface JointProgress {
  /** Steps done. */
  readonly step: number;
  /** Steps in which something had a gradient. */
  readonly updates: number;
  /** Questions drawn. */
  readonly position: number;
  /** Episodes that counted, and those that failed. */
  readonly episodes: number;
  readonly failed: number;
  readonly baseline: BaselineState;
  /** Key of the stream that the steps' streams are forked from. */
  readonly key: readonly [number, number];
}

/** Trains a policy jointly, step by step. It holds no tensors of its own. */
export interface JointTrainer {
  /** Steps done so far. */
  readonly completedSteps: number;
  /**
   * One step: questions, decisions, episodes, rewards, both stages of the gradient, one update.
   *
   * @throws HapsError code `non-finite` naming tensor and step when a number is not finite or the gradients' norm exceeds its limit;
   *   code `aborted`; code `state` when a step is under way or calls were not recorded; code `data` for a reward that cannot be
   *   computed; errors of environment and engines. Weights and counters are then still those before the step.
   */
  step(options?: Abortable): Promise<JointStep>;
  /** What to save; HapsError code `non-finite` naming a weight that is not finite. */
  state(): LiveTrainingState<JointProgress>;
  /** Continues from `state`; HapsError code `state` when it is of another policy or seed, and then nothing has changed. */
  restore(state: LiveTrainingState<JointProgress>): void;
}

/**
 * Makes a trainer of both levels on live episodes.
 *
 * A step estimates the gradient of `E[-R]` by `-(R - b) (∇log P(z | p) + Σ ∇log P(tokens | prompt, w_z))`, Eq. 5 with a baseline b and
 * with the tokens in the place of w: generated weights are a function of the prompt, so that the chance lies in what the candidates
 * write. Gradients cross to the engines in two stages, exactly: plain arrays out, slopes of the sampled tokens back, then one pass of
 * the policy. Failed episodes are left out and counted.
 *
 * Deterministic: equal parts, configuration and seed give equal bits on one backend, also when it was resumed in between.
 *
 * @returns Nothing to dispose; policy, environment and engines stay the caller's.
 * @throws ConfigError naming every field that is wrong or has no meaning together; HapsError code `config` when nothing is left to
 *   train, roles differ in number, or an engine has no gradients; code `data` without questions.
 *
 * Source: §3.3 of the HAPS paper and the authors' code.
 */
export function createJointTrainer(options: JointTrainerOptions): JointTrainer {
  const { policy, objective, frozen } = options;
  checkParts(options);
  const config = resolveJointTrainer(options.config, {
    objective,
    roles: policy.roles,
    candidates: policy.candidates.length,
    hasCostScale: options.costScale !== null,
  });
  const updater = new PolicyUpdater({
    operation: "JointTrainer",
    policy,
    config,
    ...(frozen === undefined ? {} : { frozen }),
  });
  const { key } = options.rng.state();
  let progress: JointProgress = {
    step: 0,
    updates: 0,
    position: 0,
    episodes: 0,
    failed: 0,
    baseline: initialBaselineState,
    key,
  };
  let busy = false;
  const assertIdle = (operation: string): void => {
    if (!busy) return;
    throw new HapsError("state", `JointTrainer.${operation}: a step is under way; await it first`);
  };
  return {
    get completedSteps() {
      return progress.step;
    },
    async step(abortable = {}) {
      assertIdle("step");
      busy = true;
      try {
        const done = await jointStep({ ...options, ...abortable, config, updater, progress });
        progress = done.progress;
        return done.report;
      } finally {
        busy = false;
      }
    },
    state: () => ({ progress, arrays: updater.arrays() }),
    restore(state) {
      assertIdle("restore");
      const restored = parseConfig("JointTrainer.restore", progressSchema, state.progress);
      assertSameStream("JointTrainer.restore", restored.key, key);
      updater.restore(restored.updates, state.arrays);
      progress = restored;
    },
  };
}

/** All that a step reads. */
interface StepContext extends Omit<JointTrainerOptions, "config">, Abortable {
  readonly config: ResolvedJointTrainerConfig;
  readonly updater: PolicyUpdater;
  readonly progress: JointProgress;
}

async function jointStep(
  context: StepContext,
): Promise<{ readonly report: JointStep; readonly progress: JointProgress }> {
  const { policy, objective, costScale, config, updater, progress } = context;
  const { step } = progress;
  const rollout = await rollOut({ ...context, step, position: progress.position });
  const { questions, costWeights, decisions } = rollout;
  const weighed = weighEpisodes({
    ...rollout,
    objective,
    costScale,
    baseline: progress.baseline,
    rollouts: config.rollouts,
    episodesPerAssignment: config.episodesPerAssignment,
  });
  const { episodes } = weighed;
  const first = await firstStage(context, episodes);
  const highLevel = trainsHighLevel(context);
  const loss = jointLoss({
    policy,
    batch: { prompts: questions.map(({ prompt }) => prompt), costWeights },
    decisions,
    episodes,
    slopes: first.slopes,
    objective,
    highLevel,
  });
  const { learningRate } = updater;
  const update = loss === undefined ? null : updater.update(loss, step);
  return {
    report: jointStepReport({
      step,
      decisions,
      weighed,
      first,
      update,
      learningRate,
      sampled: assignmentChoice(config.assignments, objective) === "sample",
      highLevel,
      objective,
    }),
    progress: {
      ...progress,
      step: step + 1,
      updates: updater.updates,
      position: progress.position + questions.length,
      episodes: progress.episodes + episodes.length,
      failed: progress.failed + weighed.failed,
      baseline: weighed.baseline,
    },
  };
}

/** Slopes of what the candidates wrote; none where the low level gets no gradient. */
async function firstStage(
  { objective, config, engines, signal }: StepContext,
  episodes: readonly WeighedEpisode[],
): Promise<TokenGradients> {
  if (objective.parameterGradient === "none") return { slopes: new Map(), loss: 0, tokens: 0 };
  return tokenGradients({
    engines,
    episodes,
    config,
    divisor: objective.reduction === "mean" ? episodes.length : 1,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Not where all that the assignments are made of is frozen: their loss would then reach nothing. */
function trainsHighLevel({ objective, updater }: StepContext): boolean {
  if (objective.assignmentGradient === "none") return false;
  return updater.trained.names().some((name) => !/^(?:lora|private-backbone|cost)\//u.test(name));
}

function checkParts({ policy, environment, engines, questions }: JointTrainerOptions): void {
  const operation = "createJointTrainer";
  const roles = environment.task.roles.length;
  if (roles !== policy.roles) {
    throw new HapsError(
      "config",
      `${operation}: the policy assigns ${policy.roles} roles; expected the ${roles} of task "${environment.task.id}"; make the policy for it`,
      { policy: policy.roles, task: roles },
    );
  }
  if (questions.length === 0) {
    throw new HapsError("data", `${operation}: there are no questions; expected at least one`);
  }
  for (const [candidate, engine] of engines) {
    if (engine.capabilities.gradients) continue;
    throw new HapsError(
      "config",
      `${operation}: the engine of "${candidate}" has no gradients; expected one that differentiates; leave it out if the candidate takes no weights`,
      { candidate },
    );
  }
}

import {
  createJointTrainer,
  createLiveTraining,
  createWarmUp,
  decideLive,
  evaluateLive,
  type JointStep,
  type LiveQuestion,
  type TrainingEvent,
  type Validation,
  type WarmUpStep,
} from "@haps/orchestrator";
import { type CostScale, fitCostScale, normaliseCost, resolveObjective, reward } from "@haps/reward";
import type { FileSystemPort, ProcessPort, RunManifest } from "@haps/run";
import { assignmentCode, createRng, type PromptPolicy } from "@haps/tensor";
import type { BaseOutcomes } from "./base-outcomes.ts";
import { createLivePolicy, type LivePolicy } from "./create-live-policy.ts";
import { evaluatedAssignments, type LiveMethod } from "./live-method.ts";
import type { LiveSetting } from "./live-setting.ts";
import { runLiveTraining } from "./live-training-run.ts";

/** Outcomes of the base models on the questions that training may see. */
export interface TrainingOutcomes {
  /** Of the first questions of train, as many as were sampled. */
  readonly train: BaseOutcomes;
  readonly valid: BaseOutcomes;
}

/** What {@link trainLiveMethod} needs. */
export interface TrainLiveMethodOptions {
  readonly setting: LiveSetting;
  readonly method: LiveMethod;
  readonly outcomes: TrainingOutcomes;
  readonly seed: number;
  /** Holds the runs `warm-up` and `joint`. */
  readonly folder: string;
  /** Of questions and models, to tell runs apart; plain JSON. */
  readonly identity: Readonly<Record<string, unknown>>;
  readonly manifest: RunManifest;
  readonly signal: AbortSignal;
  readonly onEvent?: (phase: "joint" | "warm-up", event: TrainingEvent<JointStep | WarmUpStep>) => void;
  readonly files?: FileSystemPort;
  readonly process?: ProcessPort;
}

/** A trained method. */
export interface TrainedLiveMethod extends LivePolicy {
  /** β of its decisions where it was trained for one. */
  readonly costWeight: number;
  readonly costScale: CostScale;
}

const WARM_UP_CHECKPOINT = 50;
const JOINT_CHECKPOINT = 5;

/**
 * Trains a method: the warm-up on outcomes of the base models, then both levels jointly on live episodes; the best weights on valid
 * count. Both are resumable.
 *
 * @returns The caller disposes it.
 */
export async function trainLiveMethod(options: TrainLiveMethodOptions): Promise<TrainedLiveMethod> {
  const { setting, method, seed, outcomes } = options;
  const live = await createLivePolicy(setting, method, createRng(seed).fork("policy"));
  try {
    const { table } = outcomes.train;
    const scaled = { cost: table.cost ?? new Float64Array(), score: table.score, arms: table.arms.length };
    const { objective = {} } = method.joint ?? method.warmUp ?? {};
    const costScale = fitCostScale(scaled, resolveObjective(objective).costScale);
    if (method.warmUp !== null) await warmUp(options, live.policy, costScale);
    if (method.joint !== null) await trainJointly(options, live.policy, costScale);
    const [costWeight = 0] = method.joint?.trainer.costWeights ?? method.warmUp?.trainer.costWeights ?? [0];
    return { ...live, costWeight, costScale };
  } catch (error) {
    live.dispose();
    throw error;
  }
}

/** Trained variables of the high level alone: the low level has nothing to learn from base models. */
const LOW_LEVEL = /^(?:lora|private-backbone|cost)\//u;

async function warmUp(options: TrainLiveMethodOptions, policy: PromptPolicy, costScale: CostScale): Promise<void> {
  const { setting, method, seed, outcomes } = options;
  const { objective, trainer, training } = method.warmUp as NonNullable<LiveMethod["warmUp"]>;
  const resolved = resolveObjective(objective);
  const questions = setting.benchmark.splits.train.slice(0, outcomes.train.table.rows.length).map(setting.toLive);
  const rows = questions.map(({ prompt }, row) => ({
    prompt,
    quality: outcomes.train.quality(row),
    normalisedCost: outcomes.train.cost(row).map((cost) => normaliseCost(costScale, cost)),
  }));
  const [costWeight = 0] = trainer.costWeights ?? [0];
  const valid = setting.benchmark.splits.valid.map(setting.toLive);
  const evaluate = async ({ step }: { readonly step: number }): Promise<Validation> => {
    const decisions = decideLive(policy, valid, {
      assignments: "best",
      costWeights: valid.map(() => costWeight),
      withLora: false,
      label: `warm-up ${step}`,
    });
    const rewards = decisions.map(({ assignment }, row) => {
      const arm = assignmentCode(assignment, policy.candidates.length);
      const quality = outcomes.valid.quality(row)[arm] as number;
      const normalisedCost = normaliseCost(costScale, outcomes.valid.cost(row)[arm] as number);
      return reward({ quality, normalisedCost }, { ...resolved, shaping: "identity", costWeight });
    });
    return { score: meanOf(rewards.filter((value) => !Number.isNaN(value))) };
  };
  const rng = createRng(seed).fork("warm-up");
  const loop = createLiveTraining({
    trainer: createWarmUp({ policy, rows, objective: resolved, config: trainer, rng, frozen: LOW_LEVEL }),
    policy,
    evaluate,
    config: training,
  });
  await runLiveTraining({ ...runOptions(options, "warm-up"), training: loop, checkpointEvery: WARM_UP_CHECKPOINT });
  if (loop.best !== null) loop.takeBest();
}

async function trainJointly(
  options: TrainLiveMethodOptions,
  policy: PromptPolicy,
  costScale: CostScale,
): Promise<void> {
  const { setting, method, seed } = options;
  const { objective, trainer, training } = method.joint as NonNullable<LiveMethod["joint"]>;
  const { environment, decoding, benchmark, pool } = setting;
  const resolved = resolveObjective(objective);
  const valid = benchmark.splits.valid.map(setting.toLive);
  const costWeights = trainer.costWeights ?? [0];
  const loop = createLiveTraining({
    trainer: createJointTrainer({
      policy,
      environment,
      engines: new Map(pool.candidates.map(({ id, engine }) => [id, engine])),
      questions: benchmark.splits.train.map(setting.toLive),
      objective: resolved,
      costScale,
      config: { ...trainer, decoding: { temperature: 1, ...trainer.decoding, maxTokens: benchmark.replyTokens } },
      rng: createRng(seed).fork("joint"),
      // Without sharing, the high level stays as the warm-up left it (paper, section 4.4).
      ...(method.shareParameters ? {} : { frozen: /^(?:backbone|architecture)\//u }),
    }),
    policy,
    evaluate: ({ step, signal }) =>
      lookAtValid({
        policy,
        valid,
        costWeights,
        costScale,
        qualityWeight: resolved.qualityWeight,
        ...options,
        step,
        environment,
        decoding,
        ...(signal === undefined ? {} : { signal }),
      }),
    config: training,
  });
  await runLiveTraining({ ...runOptions(options, "joint"), training: loop, checkpointEvery: JOINT_CHECKPOINT });
  if (loop.best !== null) loop.takeBest();
}

/** The mean reward on valid, over the cost weights that training knows. */
async function lookAtValid(look: {
  readonly policy: PromptPolicy;
  readonly valid: readonly LiveQuestion[];
  readonly costWeights: readonly number[];
  readonly costScale: CostScale;
  readonly qualityWeight: number;
  readonly method: LiveMethod;
  readonly environment: LiveSetting["environment"];
  readonly decoding: LiveSetting["decoding"];
  readonly step: number;
  readonly signal?: AbortSignal;
}): Promise<Validation> {
  const { policy, valid, costWeights, costScale, qualityWeight, method, environment, decoding, step, signal } = look;
  const scores: number[] = [];
  const figures: Record<string, number | null> = {};
  for (const costWeight of costWeights) {
    const { meanScore, meanCost } = await evaluateLive({
      policy,
      environment,
      questions: valid,
      decoding,
      costWeight,
      label: `valid ${step}`,
      assignments: evaluatedAssignments(method),
      withLora: method.low.kind === "lora",
      ...(signal === undefined ? {} : { signal }),
    });
    const suffix = costWeights.length === 1 ? "" : ` at ${costWeight}`;
    figures[`score${suffix}`] = meanScore;
    figures[`cost${suffix}`] = meanCost?.amount ?? null;
    const normalisedCost = normaliseCost(costScale, meanCost?.amount ?? Number.NaN);
    scores.push(
      reward({ quality: meanScore ?? Number.NaN, normalisedCost }, { qualityWeight, shaping: "identity", costWeight }),
    );
  }
  return { score: meanOf(scores), figures };
}

function runOptions(options: TrainLiveMethodOptions, phase: "joint" | "warm-up") {
  const { folder, identity, method, outcomes, seed, manifest, signal, onEvent, files, process } = options;
  const sampled = { train: outcomes.train.table.hash, valid: outcomes.valid.table.hash };
  return {
    folder: `${folder}/${phase}`,
    identity: { ...identity, outcomes: sampled, phase, method: { ...method }, seed },
    manifest,
    signal,
    ...(onEvent === undefined
      ? {}
      : { onEvent: (event: TrainingEvent<JointStep | WarmUpStep>) => onEvent(phase, event) }),
    ...(files === undefined ? {} : { files }),
    ...(process === undefined ? {} : { process }),
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

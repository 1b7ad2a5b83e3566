import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createJointTrainer, type JointTrainer, type JointTrainerConfig, releasedTraining } from "@haps/orchestrator";
import {
  atlasHopLive,
  createLivePolicy,
  type LiveMethod,
  type LivePolicy,
  type LiveSetting,
  liveMethodSchema,
  openLiveSetting,
} from "@haps/reference";
import { type ObjectiveConfig, resolveObjective } from "@haps/reward";
import type { Environment, GradientEngine } from "@haps/spec";
import { createRng } from "@haps/tensor";
import { createLiveEnvironment } from "@haps/workflow";
import { createSlowEngine, type SlowEngineSwitches } from "./slow-engine.ts";

const SEED = 1;
/** Of this file and of what it is compiled to. */
const REFERENCE = new URL("../../../../apps/reference/", import.meta.url);

/** A benchmark, its pool, and the method that the published study trains on them. */
export interface JointParts {
  readonly setting: LiveSetting;
  readonly method: LiveMethod;
  dispose(): Promise<void>;
}

/** How one case trains; what is absent is as the study has it. */
export interface TrainingVariant {
  readonly trainer?: Partial<JointTrainerConfig>;
  /** The authors' algorithm in place of the study's. */
  readonly released?: boolean;
  /** Absent: the engines of the pool. */
  readonly engines?: SlowEngineSwitches;
}

/** A training with what it holds. */
export interface OpenedTraining {
  readonly trainer: JointTrainer;
  dispose(): Promise<void>;
}

/** Opens the committed pool with the first questions of train. */
export async function openJointParts(questions: number): Promise<JointParts> {
  const benchmark = atlasHopLive({ train: questions, valid: 1, test: 0 }, "valid");
  const setting = await openLiveSetting({
    benchmark,
    poolFolder: fileURLToPath(new URL("pools/atlas-hop-1", REFERENCE)),
  });
  const study = JSON.parse(readFileSync(new URL("studies/atlas-hop.json", REFERENCE), "utf8")) as { base: unknown };
  return { setting, method: liveMethodSchema.parse(study.base), dispose: () => setting.dispose() };
}

/** A joint training from the pretrained router on, without a warm-up: its speed is all that is looked at. */
export async function openTraining(parts: JointParts, variant: TrainingVariant = {}): Promise<OpenedTraining> {
  const { setting, method } = parts;
  const rng = createRng(SEED);
  const live: LivePolicy = await createLivePolicy(setting, method, rng.fork("policy"));
  const own = variant.engines === undefined ? [] : slowEngines(setting, variant.engines);
  const engines = own.length === 0 ? setting.pool.candidates.map(({ engine }) => engine) : own;
  const questions = setting.benchmark.splits.train.map(setting.toLive);
  const { objective, trainer } = configOf(parts, variant, questions.length);
  return {
    trainer: createJointTrainer({
      policy: live.policy,
      environment: own.length === 0 ? setting.environment : environmentOf(setting, engines),
      engines: new Map(engines.map((engine) => [engine.candidate, engine])),
      questions,
      objective,
      costScale: null,
      config: trainer,
      rng: rng.fork("joint"),
    }),
    async dispose() {
      for (const engine of own) await engine.dispose();
      live.dispose();
    },
  };
}

function configOf({ setting, method }: JointParts, variant: TrainingVariant, questions: number) {
  const maxTokens = setting.benchmark.replyTokens;
  if (variant.released === true) {
    const { objective, trainer } = releasedTraining({ questions, maxTokens });
    return { objective, trainer: { ...trainer, ...variant.trainer } };
  }
  if (method.joint === null) throw new Error("the study trains nothing jointly");
  const objective: ObjectiveConfig = method.joint.objective;
  const decoding = { temperature: 1, maxTokens };
  return {
    objective: resolveObjective(objective),
    trainer: { ...method.joint.trainer, decoding, ...variant.trainer },
  };
}

function slowEngines({ pool }: LiveSetting, switches: SlowEngineSwitches): readonly GradientEngine[] {
  return pool.candidates.map(({ id, model }) =>
    createSlowEngine({ candidate: id, model, tokenizer: pool.tokenizer, ...switches }),
  );
}

function environmentOf({ benchmark, pool }: LiveSetting, engines: readonly GradientEngine[]): Environment {
  const { workflow, retriever, scorer, score } = benchmark;
  return createLiveEnvironment({
    workflow,
    engines,
    ...(retriever === undefined ? {} : { retriever }),
    scorer,
    score,
    prices: new Map(pool.candidates.map(({ id, price }) => [id, price])),
    recordCalls: true,
  });
}

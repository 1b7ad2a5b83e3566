import { createJointTrainer, decideLive } from "@haps/orchestrator";
import { resolveObjective } from "@haps/reward";
import { createRng } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { BenchmarkRow, Progress } from "../benchmark.ts";
import { interleave } from "../interleave.ts";
import { BENCH_SHAPES, createBenchModel } from "../language-model/bench-model.ts";
import type { Measurement } from "../language-model/measurement.ts";
import { median } from "../statistics.ts";
import { createGrowthParts, type GrowthOptions } from "./growth-parts.ts";

const POOLS = [2, 4, 8];
const ROLES = [1, 2, 4];
/** Most assignments of the form `joint`. */
const JOINT_LIMIT = 256;
const QUESTIONS = 8;
const EPISODES = 4;
const SEED = 20_261_127;

/** What decisions and updates cost as pools and roles grow, in a simulated environment. */
export async function measureGrowth(progress: Progress): Promise<Measurement> {
  const router = createBenchModel(BENCH_SHAPES["0.14 M"]);
  const model = createBenchModel(BENCH_SHAPES["0.14 M"]);
  const rows: BenchmarkRow[] = [];
  try {
    for (const form of ["joint", "autoregressive"] as const) {
      for (const roles of ROLES) {
        for (const candidates of POOLS) {
          if (form === "joint" && candidates ** roles > JOINT_LIMIT) continue;
          rows.push(...(await measureSize({ router, model, candidates, roles, form, questions: QUESTIONS }, progress)));
        }
      }
    }
    return { rows, ratios: {} };
  } finally {
    router.dispose();
    model.dispose();
  }
}

async function measureSize(options: GrowthOptions, progress: Progress): Promise<readonly BenchmarkRow[]> {
  const { candidates, roles, form } = options;
  const parts = createGrowthParts(options);
  const name = `simulated environment, ${form}, ${candidates} candidates, ${roles} roles`;
  const trainer = createJointTrainer({
    ...parts,
    objective: resolveObjective({
      assignmentGradient: "reinforce",
      parameterGradient: "tokenLikelihood",
      baseline: { kind: "leaveOneOut" },
    }),
    costScale: null,
    // A rate that keeps the models as they are: sizes are compared, not what was learnt.
    config: {
      questionsPerStep: QUESTIONS,
      rollouts: EPISODES,
      decoding: { maxTokens: 16 },
      optimizer: { learningRate: 1e-9 },
    },
    rng: createRng(SEED),
  });
  let decisions = 0;
  const decide = (): void => {
    const question = parts.questions[decisions % QUESTIONS] as (typeof parts.questions)[number];
    decisions += 1;
    decideLive(parts.policy, [question], { assignments: "best", label: `decision ${decisions}` });
  };
  const update = async (): Promise<void> => {
    await trainer.step();
  };
  try {
    const times = await interleave(
      [
        { name: "decision", run: decide },
        { name: "update", run: update },
      ],
      { warmUp: 2, rounds: 7, progress: (line) => progress(`${name}, ${line}`) },
    );
    return [
      { case: `${name}: decision`, median: median(times.get("decision") ?? []), unit: "ms" },
      { case: `${name}: decision, tensors at most`, median: await peakMebibytes(decide), unit: "MiB" },
      { case: `${name}: update`, median: median(times.get("update") ?? []), unit: "ms" },
      { case: `${name}: update, tensors at most`, median: await peakMebibytes(update), unit: "MiB" },
    ];
  } finally {
    await parts.dispose();
  }
}

/** Most tensors at once beyond those that are there before. */
async function peakMebibytes(work: () => void | Promise<void>): Promise<number> {
  const before = tf.memory().numBytes;
  const { peakBytes } = await tf.profile(async () => {
    await work();
    return tf.scalar(0);
  });
  return (peakBytes - before) / 2 ** 20;
}

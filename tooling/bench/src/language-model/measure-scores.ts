import { createScoredAssignments } from "@haps/architecture-router";
import type { AssignmentScorer, EncodedPrompts } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { Progress } from "../benchmark.ts";
import { interleave } from "../interleave.ts";
import { median } from "../statistics.ts";
import { BENCH_SHAPES, createBenchModel } from "./bench-model.ts";
import { decodeRun } from "./decode-run.ts";
import { ratio } from "./measure-decoding.ts";
import type { Measurement } from "./measurement.ts";
import { createRoutingParts } from "./routing-parts.ts";

const PROMPT = 128;
const STEPS = 16;

/** Exact scores of the four assignments of two roles and two candidates, against writing 16 tokens greedily. */
export async function measureScores(progress: Progress): Promise<Measurement> {
  const model = createBenchModel(BENCH_SHAPES["0.46 M"]);
  const parts = createRoutingParts(model, PROMPT);
  const decoding = decodeRun(model, { batch: 1, prompt: PROMPT, steps: STEPS });
  const names = {
    byRole: "scores of 4 assignments, role by role",
    whole: "scores of 4 assignments, whole texts",
    steps: "16 greedy steps",
    scoresWith: "prefill and scores of 4 assignments, role by role",
    stepsWith: "prefill and 16 greedy steps",
  };
  let encoded: EncodedPrompts | undefined;
  const encode = (): void => {
    tf.engine().startScope();
    encoded = parts.backbone.encode([parts.prompt], { inference: true });
  };
  const score = (form: "joint" | "autoregressive") => (): void => {
    const distribution = createScoredAssignments(encoded?.scorer as AssignmentScorer, { form });
    const scores = distribution.allLogProbs().dataSync();
    tf.engine().endScope();
    if (scores?.length !== 4) throw new Error("there are no scores of four assignments");
  };
  try {
    const cases = [
      { name: names.byRole, prepare: encode, run: score("autoregressive") },
      { name: names.whole, prepare: encode, run: score("joint") },
      { name: names.steps, prepare: () => decoding.prefill(), run: () => decoding.steps() },
      {
        name: names.scoresWith,
        run: () => {
          encode();
          score("autoregressive")();
        },
      },
      {
        name: names.stepsWith,
        run: async () => {
          await decoding.prefill();
          await decoding.steps();
        },
      },
    ];
    const times = await interleave(cases, { warmUp: 5, rounds: 41, progress });
    return {
      rows: Object.values(names).map((name) => ({
        case: `${name} (0.46 M, prompt of ${PROMPT})`,
        median: median(times.get(name) ?? []),
        unit: "ms",
      })),
      ratios: {
        "16 greedy steps / scores role by role": ratio(times, names.steps, names.byRole),
        "16 greedy steps / scores of whole texts": ratio(times, names.steps, names.whole),
        "16 greedy steps / scores role by role, each with its prefill": ratio(times, names.stepsWith, names.scoresWith),
      },
    };
  } finally {
    parts.dispose();
    model.dispose();
  }
}

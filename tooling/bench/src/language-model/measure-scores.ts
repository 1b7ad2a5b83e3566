import type { EncodedPrompts } from "@haps/tensor";
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
  const { backbone, prompt, dispose } = createRoutingParts(model, PROMPT);
  const decoding = decodeRun(model, { batch: 1, prompt: PROMPT, steps: STEPS });
  const names = {
    scores: "scores of 4 assignments",
    steps: "16 greedy steps",
    scoresWith: "prefill and scores of 4 assignments",
    stepsWith: "prefill and 16 greedy steps",
  };
  let encoded: EncodedPrompts | undefined;
  const encode = (): void => {
    tf.engine().startScope();
    encoded = backbone.encode([prompt], { inference: true });
  };
  const score = (): void => {
    const scores = encoded?.scorer?.joint?.().dataSync();
    tf.engine().endScope();
    if (scores?.length !== 4) throw new Error("there are no scores of four assignments");
  };
  try {
    const cases = [
      { name: names.scores, prepare: encode, run: score },
      { name: names.steps, prepare: () => decoding.prefill(), run: () => decoding.steps() },
      {
        name: names.scoresWith,
        run: () => {
          encode();
          score();
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
        "16 greedy steps / scores": ratio(times, names.steps, names.scores),
        "16 greedy steps / scores, each with its prefill": ratio(times, names.stepsWith, names.scoresWith),
      },
    };
  } finally {
    dispose();
    model.dispose();
  }
}

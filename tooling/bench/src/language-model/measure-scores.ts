import { createScoredAssignments } from "@haps/architecture-router";
import type { EncodedPrompts } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { Progress } from "../benchmark.ts";
import { interleave } from "../interleave.ts";
import { median } from "../statistics.ts";
import { BENCH_SHAPES, createBenchModel } from "./bench-model.ts";
import { decodeRun } from "./decode-run.ts";
import { ratio } from "./measure-decoding.ts";
import type { Measurement } from "./measurement.ts";
import { createRoutingParts, type RoutingParts } from "./routing-parts.ts";

const PROMPT = 128;
const STEPS = 16;

/**
 * Exact scores of the four assignments of two roles and two candidates, against writing 16 tokens greedily, as the released code does.
 *
 * As JSON (the released text, 12 tokens) or as ids alone (4 tokens).
 */
export async function measureScores(progress: Progress): Promise<Measurement> {
  const model = createBenchModel(BENCH_SHAPES["0.46 M"]);
  const json = createRoutingParts(model, PROMPT);
  const ids = createRoutingParts(model, PROMPT, { write: (assignment) => assignment.join(" ") });
  const decoding = decodeRun(model, { batch: 1, prompt: PROMPT, steps: STEPS });
  const names = {
    ids: "scores of 4 assignments, role by role, ids alone",
    byRole: "scores of 4 assignments, role by role, JSON",
    whole: "scores of 4 assignments, whole texts, JSON",
    steps: "16 greedy steps",
    scoresWith: "prefill and scores of 4 assignments, role by role, JSON",
    stepsWith: "prefill and 16 greedy steps",
  };
  let encoded: EncodedPrompts | undefined;
  const encode =
    ({ backbone, prompt }: RoutingParts) =>
    (): void => {
      tf.engine().startScope();
      encoded = backbone.encode([prompt], { inference: true });
    };
  const score = (form: "joint" | "autoregressive") => (): void => {
    const distribution = createScoredAssignments(encoded?.scorer, { form });
    const scores = distribution.allLogProbs().dataSync();
    tf.engine().endScope();
    if (scores?.length !== 4) throw new Error("there are no scores of four assignments");
  };
  try {
    const cases = [
      { name: names.ids, prepare: encode(ids), run: score("autoregressive") },
      { name: names.byRole, prepare: encode(json), run: score("autoregressive") },
      { name: names.whole, prepare: encode(json), run: score("joint") },
      { name: names.steps, prepare: () => decoding.prefill(), run: () => decoding.steps() },
      {
        name: names.scoresWith,
        run: () => {
          encode(json)();
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
        "16 greedy steps / scores role by role, ids alone": ratio(times, names.steps, names.ids),
        "16 greedy steps / scores role by role, JSON": ratio(times, names.steps, names.byRole),
        "16 greedy steps / scores of whole texts, JSON": ratio(times, names.steps, names.whole),
        "16 greedy steps / scores role by role, JSON, each with its prefill": ratio(
          times,
          names.stepsWith,
          names.scoresWith,
        ),
      },
    };
  } finally {
    json.dispose();
    ids.dispose();
    model.dispose();
  }
}

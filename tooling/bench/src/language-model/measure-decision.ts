import { createScoredAssignments } from "@haps/architecture-router";
import { type EncodedPrompts, type LoraTensors, loraWeightsOf } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { Progress } from "../benchmark.ts";
import { interleave } from "../interleave.ts";
import { median } from "../statistics.ts";
import { BENCH_SHAPES, createBenchModel } from "./bench-model.ts";
import type { Measurement } from "./measurement.ts";
import { createRoutingParts, type RoutingParts } from "./routing-parts.ts";

const PROMPT = 128;

/** One whole routing decision against its parts: where nothing is computed twice, they take equally long. */
export async function measureDecision(progress: Progress): Promise<Measurement> {
  const model = createBenchModel(BENCH_SHAPES["0.46 M"]);
  const parts = createRoutingParts(model, PROMPT);
  const names = {
    whole: "routing decision with LoRA for two roles",
    prompt: "part: pass over the prompt",
    scores: "part: scores and best assignment",
    lora: "part: LoRA of the two chosen",
  };
  let encoded: EncodedPrompts | undefined;
  const encode = (): void => {
    encoded = parts.backbone.encode([parts.prompt], { inference: true });
  };
  const open = (): void => {
    tf.engine().startScope();
    encode();
  };
  const scoped = (work: () => void) => () => {
    work();
    tf.engine().endScope();
  };
  try {
    const times = await interleave(
      [
        {
          name: names.whole,
          run: () => {
            open();
            const best = choose(encoded);
            for (const candidate of new Set(best)) generate(parts, encoded, candidate);
            tf.engine().endScope();
          },
        },
        {
          name: names.prompt,
          run: () => {
            open();
            encoded?.hidden.dataSync();
            tf.engine().endScope();
          },
        },
        { name: names.scores, prepare: open, run: scoped(() => void choose(encoded)) },
        {
          name: names.lora,
          prepare: open,
          run: scoped(() => {
            for (const candidate of chosen) generate(parts, encoded, candidate);
          }),
        },
      ],
      { warmUp: 5, rounds: 41, progress },
    );
    const medianOf = (name: string) => median(times.get(name) ?? []);
    const sum = medianOf(names.prompt) + medianOf(names.scores) + medianOf(names.lora);
    return {
      rows: Object.values(names).map((name) => ({
        case: `${name} (0.46 M, prompt of ${PROMPT})`,
        median: medianOf(name),
        unit: "ms",
      })),
      ratios: { "routing decision / sum of its parts": medianOf(names.whole) / sum },
    };
  } finally {
    parts.dispose();
    model.dispose();
  }
}

/** Candidates whose weights the part is timed with: as many as the whole decision generates for. */
let chosen: readonly number[] = [0];

function choose(encoded: EncodedPrompts | undefined): readonly number[] {
  if (encoded?.scorer === undefined) throw new Error("the backbone has no scorer");
  const [row] = createScoredAssignments(encoded.scorer, { form: "joint" }).top(4);
  const best = row?.[0]?.assignment ?? [];
  chosen = [...new Set(best)];
  return best;
}

function generate({ generators }: RoutingParts, encoded: EncodedPrompts | undefined, candidate: number): void {
  const tensors = generators[candidate]?.generate(encoded?.hidden as tf.Tensor2D) as LoraTensors;
  loraWeightsOf(tensors, 0, `candidate ${candidate}`);
}

import { completionGradient, tailActivations, tailCutOf } from "@haps/language-model";
import * as tf from "@tensorflow/tfjs";
import type { Progress } from "../benchmark.ts";
import { interleave } from "../interleave.ts";
import { median } from "../statistics.ts";
import { benchLora, benchTokens, createBenchModel, FOUR_LAYERS, lastOutput } from "./bench-model.ts";
import { ratio } from "./measure-decoding.ts";
import type { Measurement } from "./measurement.ts";
import { releasedGradient } from "./released-gradient.ts";

const PROMPT = 64;
const COMPLETION = 64;

/** Gradient of a completion with respect to LoRA on the last layer's output: three ways to the same numbers. */
export async function measureGradients(progress: Progress): Promise<Measurement> {
  const model = createBenchModel(FOUR_LAYERS);
  try {
    const lora = benchLora("gradient", lastOutput(FOUR_LAYERS));
    const itemOf = (length: number) => ({
      promptTokens: benchTokens("gradient prompt", PROMPT),
      tokens: benchTokens(`completion ${length}`, length),
      lora,
      weight: 1,
    });
    const items = [itemOf(COMPLETION)];
    const cut = tailCutOf(
      lora.targets.map(({ target }) => target),
      model.config,
    );
    const activations = tailActivations(model, items, cut);
    const names = {
      kept: "gradient, tail, activations kept",
      tail: "gradient, tail, activations computed",
      full: "gradient, full teacher-forced pass",
      released: "gradient, token by token with gradients on",
    };
    const cases = [
      { name: names.kept, run: () => void completionGradient(model, items, { activations }) },
      { name: names.tail, run: () => void completionGradient(model, items) },
      { name: names.full, run: () => void completionGradient(model, items, { mode: "full" }) },
      { name: names.released, run: () => void releasedGradient(model, itemOf(COMPLETION)) },
    ];
    const times = await interleave(cases, { warmUp: 2, rounds: 9, progress });
    const peakOf = (length: number): Promise<number> => {
      const own = [itemOf(length)];
      const kept = tailActivations(model, own, cut);
      return peakBytes(() => void completionGradient(model, own, { activations: kept }));
    };
    const short = await peakOf(64);
    const long = await peakOf(512);
    return {
      rows: [
        ...Object.values(names).map((name) => ({
          case: `${name} (0.86 M, 4 layers, 64 + 64 tokens)`,
          median: median(times.get(name) ?? []),
          unit: "ms",
        })),
        { case: "tensors of the tail at most, completion of 64", median: short / 2 ** 20, unit: "MiB" },
        { case: "tensors of the tail at most, completion of 512", median: long / 2 ** 20, unit: "MiB" },
      ],
      ratios: {
        "full / tail with kept activations": ratio(times, names.full, names.kept),
        "full / tail": ratio(times, names.full, names.tail),
        "token by token / tail with kept activations": ratio(times, names.released, names.kept),
        "token by token / tail": ratio(times, names.released, names.tail),
        "tensor bytes at most, completion of 512 / 64": long / short,
      },
    };
  } finally {
    model.dispose();
  }
}

/** Most bytes of tensors at once beyond those that are there before. */
async function peakBytes(work: () => void): Promise<number> {
  work(); // caches fill
  const before = tf.memory().numBytes;
  const { peakBytes: peak } = await tf.profile(() => {
    work();
    return tf.scalar(0);
  });
  return peak - before;
}

import { createLanguageModelTrainer } from "@haps/language-model";
import { createRng } from "@haps/tensor";
import type { BenchmarkRow, Progress } from "../benchmark.ts";
import { interleave } from "../interleave.ts";
import { median } from "../statistics.ts";
import { BENCH_SHAPES, type BenchShape, benchTokens, createBenchModel } from "./bench-model.ts";
import { decodeRun } from "./decode-run.ts";
import type { Measurement } from "./measurement.ts";

const CONTEXTS = [64, 128, 256];
const BATCH = 16;
const STEPS = 16;

/** Tokens per second of prefill, decoding and training for the sizes and contexts of the embedded pool. */
export async function measureThroughput(progress: Progress): Promise<Measurement> {
  const rows: BenchmarkRow[] = [];
  for (const [size, shape] of Object.entries(BENCH_SHAPES)) {
    for (const context of CONTEXTS) rows.push(...(await measureContext(size, shape, context, progress)));
  }
  return { rows, ratios: {} };
}

async function measureContext(
  size: string,
  shape: BenchShape,
  context: number,
  progress: Progress,
): Promise<BenchmarkRow[]> {
  const model = createBenchModel(shape);
  // A model of its own: after each update the backend packs its kernels anew.
  const trained = createBenchModel(shape);
  const run = decodeRun(model, { batch: BATCH, prompt: context, steps: STEPS });
  const sequences = Array.from({ length: BATCH }, (_, index) => ({
    tokens: benchTokens(`training ${index}`, context),
  }));
  const trainer = createLanguageModelTrainer({ model: trained, batches: () => sequences, rng: createRng(1) });
  try {
    const counts = {
      prefill: BATCH * context,
      decode: BATCH * STEPS,
      training: BATCH * (context - 1),
    };
    const options = {
      warmUp: 2,
      rounds: 7,
      progress: (line: string) => progress(`${size}, context ${context}, ${line}`),
    };
    const reading = await interleave(
      [
        { name: "prefill", run: () => run.prefill() },
        { name: "decode", prepare: () => run.prefill(), run: () => run.steps() },
      ],
      options,
    );
    // Apart from the others: what a training step leaves to be collected would fall on them.
    const training = await interleave([{ name: "training", run: () => void trainer.step() }], {
      ...options,
      rounds: 5,
    });
    const times = new Map([...reading, ...training]);
    return (Object.keys(counts) as (keyof typeof counts)[]).map((name) => ({
      case: `${name}, ${size}, context ${context}, batch ${BATCH}`,
      median: (1000 * counts[name]) / median(times.get(name) ?? []),
      unit: "tokens/s",
    }));
  } finally {
    model.dispose();
    trained.dispose();
  }
}

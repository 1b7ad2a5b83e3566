import { loadBackend } from "@haps/tensor";
import type { Benchmark, BenchmarkResult, Progress } from "../benchmark.ts";
import { interleave } from "../interleave.ts";
import { summariseTimes } from "../summarise-times.ts";
import { DECODER_SIZES, makeDecoderBatch } from "./decoder-sizes.ts";
import { createHapsDecoder } from "./haps-decoder.ts";
import { createStockDecoder } from "./stock-decoder.ts";

const SEED = 20_240_501;
const HAPS = "@haps/tensor";
const STOCK = "stock tfjs";

/** Furthest apart that the two losses of the first step may be, relative. */
const TOLERANCE = 1e-4;

/** One training step of a small decoder: the layers of `@haps/tensor` against what tfjs comes with. */
export const decoderBenchmark: Benchmark = {
  name: "decoder",
  description: "training step of a 2-layer decoder (0.49 M parameters, 16 x 128 tokens) on wasm, against stock tfjs",
  run,
};

async function run(progress: Progress): Promise<BenchmarkResult> {
  const backend = await loadBackend(["wasm"]);
  const batch = makeDecoderBatch(DECODER_SIZES, SEED);
  const haps = createHapsDecoder(DECODER_SIZES, SEED);
  const stock = createStockDecoder(DECODER_SIZES, SEED);
  try {
    progress(`${haps.parameters} parameters, ${batch.inputs.length} tokens`);
    assertSameLoss(haps.step(batch), stock.step(batch));
    const cases = [
      { name: HAPS, run: () => void haps.step(batch) },
      { name: STOCK, run: () => void stock.step(batch) },
    ];
    const times = await interleave(cases, { warmUp: 2, rounds: 9, progress });
    return { name: decoderBenchmark.name, backend: backend.name, ...summariseTimes(times, HAPS) };
  } finally {
    haps.dispose();
    stock.dispose();
  }
}

/** Two sides that compute different things must not be compared. */
function assertSameLoss(haps: number, stock: number): void {
  if (Math.abs(haps - stock) <= TOLERANCE * Math.abs(stock)) return;
  throw new Error(`the first losses differ: ${HAPS} ${haps}, ${STOCK} ${stock}; make the models equal again`);
}

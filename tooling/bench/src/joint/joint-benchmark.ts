import { loadBackend } from "@haps/tensor";
import type { Benchmark, BenchmarkResult, Progress } from "../benchmark.ts";
import { openJointParts } from "./joint-parts.ts";
import { measureGrowth } from "./measure-growth.ts";
import { measureMemory } from "./measure-memory.ts";
import { measureRates } from "./measure-rates.ts";

/** Questions of train: an epoch is 20 updates of the default. */
const QUESTIONS = 480;

/**
 * Joint training on the committed pool: questions per second against the authors' algorithm, memory over an epoch, growth with pool and
 * roles. A question counts whenever it is drawn for an update, with all of its episodes.
 */
export const jointBenchmark: Benchmark = {
  name: "joint",
  description:
    "joint training on the committed pool on wasm: questions per second against the authors' algorithm, memory, growth",
  run,
};

async function run(progress: Progress): Promise<BenchmarkResult> {
  const backend = await loadBackend(["wasm"]);
  const parts = await openJointParts(QUESTIONS);
  try {
    const memory = await measureMemory(parts, progress);
    const rates = await measureRates(parts, progress);
    const growth = await measureGrowth(progress);
    const found = [rates, memory, growth];
    return {
      name: jointBenchmark.name,
      backend: backend.name,
      rows: found.flatMap(({ rows }) => rows),
      ratios: Object.assign({}, ...found.map(({ ratios }) => ratios)) as BenchmarkResult["ratios"],
    };
  } finally {
    await parts.dispose();
  }
}

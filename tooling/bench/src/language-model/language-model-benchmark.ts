import { loadBackend } from "@haps/tensor";
import type { Benchmark, BenchmarkResult, Progress } from "../benchmark.ts";
import { measureDecision } from "./measure-decision.ts";
import { measureDecoding } from "./measure-decoding.ts";
import { measureGradients } from "./measure-gradients.ts";
import { measureScores } from "./measure-scores.ts";
import { measureThroughput } from "./measure-throughput.ts";

/** What language models on tensors cost: decoding, gradients, scores of assignments, a decision, tokens per second. */
export const languageModelBenchmark: Benchmark = {
  name: "language-model",
  description:
    "decoding, LoRA gradients, assignment scores, a routing decision, and tokens per second of small models on wasm",
  run,
};

async function run(progress: Progress): Promise<BenchmarkResult> {
  const backend = await loadBackend(["wasm"]);
  const parts = [measureDecoding, measureGradients, measureScores, measureDecision, measureThroughput];
  const rows = [];
  const ratios: Record<string, number> = {};
  for (const measure of parts) {
    const found = await measure(progress);
    rows.push(...found.rows);
    Object.assign(ratios, found.ratios);
  }
  return { name: languageModelBenchmark.name, backend: backend.name, rows, ratios };
}

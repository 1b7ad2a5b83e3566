import type { Router, RoutingRequest } from "@haps/spec";
import { createRng, loadBackend } from "@haps/tensor";
import type { Benchmark, BenchmarkResult, BenchmarkRow, Progress } from "../benchmark.ts";
import { interleave } from "../interleave.ts";
import { median, quantile } from "../statistics.ts";
import { trainAndReload } from "./loaded-router.ts";
import { makeSimulatedTable, makeText } from "./simulated-table.ts";

const SEED = 20_240_502;

/** Median number of characters of the 1,000 exam questions of the project's experiments. */
const MEDIAN_CHARACTERS = 843;
const LONG_CHARACTERS = 8192;

/** Texts per case, taken in turn, so that no decision repeats the one before. */
const TEXTS = 64;

/** One decision of a router from a loaded checkpoint, one question per call. */
export const decisionBenchmark: Benchmark = {
  name: "decision",
  description: "one routing decision from a loaded checkpoint on wasm: a question of median length, and 8 KB of text",
  run,
};

async function run(progress: Progress): Promise<BenchmarkResult> {
  const backend = await loadBackend(["wasm"]);
  progress("training a router on simulated outcomes");
  const table = makeSimulatedTable(1000, MEDIAN_CHARACTERS, SEED);
  const router = trainAndReload(table, SEED, 20);
  try {
    const requestsOf = (characters: number): readonly RoutingRequest[] => {
      const rng = createRng(SEED).fork(`${characters} characters`);
      return Array.from({ length: TEXTS }, (_, index) => ({
        question: { id: `new-${index}`, text: makeText(rng, characters) },
        task: table.task,
        pool: table.pool,
      }));
    };
    const short = `${MEDIAN_CHARACTERS} characters`;
    const long = `${LONG_CHARACTERS} characters`;
    const cases = [
      { name: short, run: routeInTurn(router, requestsOf(MEDIAN_CHARACTERS)) },
      { name: long, run: routeInTurn(router, requestsOf(LONG_CHARACTERS)) },
    ];
    const times = await interleave(cases, { warmUp: 300, rounds: 2000, progress });
    return {
      name: decisionBenchmark.name,
      backend: backend.name,
      rows: [...times].flatMap(([name, values]) => rowsOf(name, values)),
      ratios: { [`${long} / ${short}`]: median(times.get(long) ?? []) / median(times.get(short) ?? []) },
    };
  } finally {
    router.dispose();
  }
}

function routeInTurn(router: Router, requests: readonly RoutingRequest[]): () => Promise<void> {
  let next = 0;
  return async () => {
    const request = requests[next % requests.length] as RoutingRequest;
    next += 1;
    const [decision] = await router.route([request]);
    if (decision === undefined) throw new Error("the router gave no decision");
  };
}

/** The median, and the 99th percentile as a row of its own. */
function rowsOf(name: string, values: readonly number[]): BenchmarkRow[] {
  return [
    { case: name, median: median(values), unit: "ms" },
    { case: `${name}, p99`, median: quantile(values, 0.99), unit: "ms" },
  ];
}

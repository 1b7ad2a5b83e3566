import type { LoraWeights } from "@haps/spec";
import type { BenchmarkRow, Progress } from "../benchmark.ts";
import { interleave, type RoundTimes } from "../interleave.ts";
import { median } from "../statistics.ts";
import {
  BENCH_SHAPES,
  type BenchShape,
  benchLora,
  createBenchModel,
  everyProjection,
  lastOutput,
} from "./bench-model.ts";
import { type DecodeRun, decodeRun } from "./decode-run.ts";
import type { Measurement } from "./measurement.ts";

const BATCH = 16;
/** Prompt and steps lie around a context of 128. */
const PROMPT = 120;
const STEPS = 16;
/** Size with which LoRA weights are measured, too. */
const ADAPTED = "0.46 M";

/** Decoding of 16 sequences at once against one after another, and what LoRA weights per sequence cost. */
export async function measureDecoding(progress: Progress): Promise<Measurement> {
  const rows: BenchmarkRow[] = [];
  const ratios: Record<string, number> = {};
  for (const [size, shape] of Object.entries(BENCH_SHAPES)) {
    const found = await measureSize(size, shape, (line) => progress(`${size}, ${line}`));
    rows.push(...found.rows);
    Object.assign(ratios, found.ratios);
  }
  return { rows, ratios };
}

async function measureSize(size: string, shape: BenchShape, progress: Progress): Promise<Measurement> {
  const model = createBenchModel(shape);
  const together = (lora?: (sequence: number) => LoraWeights) =>
    decodeRun(model, { batch: BATCH, prompt: PROMPT, steps: STEPS, ...(lora === undefined ? {} : { lora }) });
  const alone = Array.from({ length: BATCH }, () => decodeRun(model, { batch: 1, prompt: PROMPT, steps: STEPS }));
  const names = {
    alone: "decode, 16 x batch 1",
    batch: "decode, batch 16",
    output: "decode, batch 16, LoRA on the last o",
    every: "decode, batch 16, LoRA on all projections",
  };
  const adapted = [
    caseOf(names.output, [together((sequence) => benchLora(`o ${sequence}`, lastOutput(shape)))]),
    caseOf(names.every, [together((sequence) => benchLora(`all ${sequence}`, everyProjection(shape)))]),
  ];
  try {
    const cases = [caseOf(names.alone, alone), caseOf(names.batch, [together()]), ...(size === ADAPTED ? adapted : [])];
    const times = await interleave(cases, { warmUp: 2, rounds: 15, progress });
    return {
      rows: [...times].map(([name, values]) => ({
        case: `${name} (${size}, context 128)`,
        median: (1000 * BATCH * STEPS) / median(values),
        unit: "tokens/s",
      })),
      ratios: {
        [`batch 16 against 16 x batch 1, tokens/s, ${size}`]: ratio(times, names.alone, names.batch),
        ...(size === ADAPTED
          ? {
              "LoRA on the last o, time against none": ratio(times, names.output, names.batch),
              "LoRA on all projections, time against none": ratio(times, names.every, names.batch),
            }
          : {}),
      },
    };
  } finally {
    model.dispose();
  }
}

/** Steps alone are timed; prompts have been read before. */
function caseOf(name: string, runs: readonly DecodeRun[]) {
  return {
    name,
    prepare: async () => {
      for (const run of runs) await run.prefill();
    },
    run: async () => {
      for (const run of runs) await run.steps();
    },
  };
}

/** Median over the rounds of how many times as long one case took as another. */
export function ratio(times: RoundTimes, slow: string, fast: string): number {
  const base = times.get(fast) ?? [];
  return median((times.get(slow) ?? []).map((value, round) => value / (base[round] as number)));
}

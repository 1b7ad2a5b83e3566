import type { Progress } from "../benchmark.ts";
import { interleave, type RoundTimes } from "../interleave.ts";
import { median } from "../statistics.ts";
import { BENCH_SHAPES, benchLora, createBenchModel, everyProjection, lastOutput } from "./bench-model.ts";
import { type DecodeRun, decodeRun } from "./decode-run.ts";
import type { Measurement } from "./measurement.ts";

const SHAPE = BENCH_SHAPES["0.46 M"];
const BATCH = 16;
/** Prompt and steps lie around a context of 128. */
const PROMPT = 120;
const STEPS = 16;

/** Decoding of 16 sequences at once against one after another, and what LoRA weights per sequence cost. */
export async function measureDecoding(progress: Progress): Promise<Measurement> {
  const model = createBenchModel(SHAPE);
  try {
    const single = Array.from({ length: BATCH }, () => decodeRun(model, { batch: 1, prompt: PROMPT, steps: STEPS }));
    const batch = (lora?: (sequence: number) => ReturnType<typeof benchLora>) =>
      decodeRun(model, { batch: BATCH, prompt: PROMPT, steps: STEPS, ...(lora === undefined ? {} : { lora }) });
    const names = {
      alone: "decode, 16 x batch 1",
      together: "decode, batch 16",
      output: "decode, batch 16, LoRA on the last o",
      every: "decode, batch 16, LoRA on all projections",
    };
    const cases = [
      caseOf(names.alone, single),
      caseOf(names.together, [batch()]),
      caseOf(names.output, [batch((sequence) => benchLora(`o ${sequence}`, lastOutput(SHAPE)))]),
      caseOf(names.every, [batch((sequence) => benchLora(`all ${sequence}`, everyProjection(SHAPE)))]),
    ];
    const times = await interleave(cases, { warmUp: 2, rounds: 11, progress });
    const rate = (name: string) => ({
      case: `${name} (0.46 M, context 128)`,
      median: (1000 * BATCH * STEPS) / median(times.get(name) ?? []),
      unit: "tokens/s",
    });
    return {
      rows: Object.values(names).map(rate),
      ratios: {
        "batch 16 against 16 x batch 1, tokens/s": ratio(times, names.alone, names.together),
        "LoRA on the last o, time against none": ratio(times, names.output, names.together),
        "LoRA on all projections, time against none": ratio(times, names.every, names.together),
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

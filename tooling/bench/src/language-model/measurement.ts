import type { BenchmarkRow } from "../benchmark.ts";

/** Rows and ratios of one part of a benchmark. */
export interface Measurement {
  readonly rows: readonly BenchmarkRow[];
  readonly ratios: Readonly<Record<string, number>>;
}

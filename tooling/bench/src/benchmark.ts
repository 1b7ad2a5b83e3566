/** One line of a result. */
export interface BenchmarkRow {
  readonly case: string;
  readonly median: number;
  readonly unit: string;
}

/** What a benchmark found; the JSON that the command prints. */
export interface BenchmarkResult {
  readonly name: string;
  /** The tfjs backend that ran. */
  readonly backend: string;
  readonly rows: readonly BenchmarkRow[];
  /** How many times as long one case took as another, by what is compared. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** Receives one line about how far a run is. */
export type Progress = (line: string) => void;

/** A benchmark by its name on the command line. */
export interface Benchmark {
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  /** Makes its own inputs from fixed seeds, measures, frees everything. */
  run(progress: Progress): Promise<BenchmarkResult>;
}

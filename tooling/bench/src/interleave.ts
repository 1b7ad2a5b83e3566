import type { Progress } from "./benchmark.ts";

/** One thing to time. */
export interface BenchmarkCase {
  readonly name: string;
  /** Does the work once, to the end: results are read and freed inside. */
  readonly run: () => void | Promise<void>;
  /** What must be ready before each run and is not timed. */
  readonly prepare?: () => void | Promise<void>;
}

/** How often the cases run. */
export interface InterleaveOptions {
  /** Rounds that are thrown away, >= 0: compilation and caches. */
  readonly warmUp: number;
  /** Rounds that count, >= 1. */
  readonly rounds: number;
  readonly progress: Progress;
  /** Milliseconds; a test gives its own. Default `performance.now`. */
  readonly clock?: () => number;
}

/** Most lines of progress of one run, but for the last one. */
const REPORTS = 20;

/** Milliseconds per round, by case. */
export type RoundTimes = ReadonlyMap<string, readonly number[]>;

/**
 * Times every case once per round, in turn, so that whatever else the machine does falls on all of them alike.
 *
 * Every second round goes backwards: no case always runs on what the same other one left behind.
 */
export async function interleave(cases: readonly BenchmarkCase[], options: InterleaveOptions): Promise<RoundTimes> {
  const { warmUp, rounds, progress, clock = () => performance.now() } = options;
  const every = Math.ceil((warmUp + rounds) / REPORTS);
  const times = new Map(cases.map(({ name }) => [name, [] as number[]]));
  for (let round = -warmUp; round < rounds; round += 1) {
    const spent: string[] = [];
    for (const { name, run, prepare } of round % 2 === 0 ? cases : cases.toReversed()) {
      await prepare?.();
      const start = clock();
      await run();
      const elapsed = clock() - start;
      if (round >= 0) times.get(name)?.push(elapsed);
      spent.push(`${name} ${elapsed.toFixed(elapsed < 10 ? 2 : 0)} ms`);
    }
    if (round === rounds - 1 || (round + warmUp) % every === 0) {
      progress(`${round < 0 ? "warm-up" : `round ${round + 1}/${rounds}`}: ${spent.join(", ")}`);
    }
  }
  return times;
}

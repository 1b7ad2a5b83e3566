import { closestName } from "@haps/spec";
import type { Benchmark, BenchmarkResult } from "./benchmark.ts";
import { formatResult } from "./format-result.ts";

/** Where the command writes: results to `out`, everything else to `error`. */
export interface CommandStreams {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
}

const USAGE = "usage: npm run -s bench -- [name] [--json] [--list]";

/**
 * Runs the benchmark command: the one that is named, or all of them.
 *
 * @param words - Arguments after the command: a name, `--json`, `--list`, `--help`.
 * @returns The exit code: 0, 1 when a benchmark failed, 2 for wrong use; one line says why.
 */
export async function runCommand(
  words: readonly string[],
  benchmarks: readonly Benchmark[],
  streams: CommandStreams,
): Promise<0 | 1 | 2> {
  const flags = words.filter((word) => word.startsWith("-"));
  const names = words.filter((word) => !word.startsWith("-"));
  const json = flags.includes("--json");
  const problem = findProblem(flags, names, benchmarks);
  if (problem !== undefined) {
    streams.error(problem);
    return 2;
  }
  if (flags.includes("--help")) {
    streams.out(USAGE);
    return 0;
  }
  if (flags.includes("--list")) {
    streams.out(json ? toJson(benchmarks.map(({ name, description }) => ({ name, description }))) : list(benchmarks));
    return 0;
  }
  const chosen = names.length === 0 ? benchmarks : benchmarks.filter(({ name }) => name === names[0]);
  const results: BenchmarkResult[] = [];
  for (const benchmark of chosen) {
    const say = (line: string): void => {
      streams.error(`${benchmark.name}: ${line}`);
    };
    try {
      const result = await benchmark.run(say);
      results.push(result);
      if (!json) streams.out(formatResult(result));
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
      return 1;
    }
  }
  if (json) streams.out(toJson(names.length === 0 ? results : results[0]));
  return 0;
}

function findProblem(
  flags: readonly string[],
  names: readonly string[],
  benchmarks: readonly Benchmark[],
): string | undefined {
  const known = ["--json", "--list", "--help"];
  const flag = flags.find((word) => !known.includes(word));
  if (flag !== undefined) return `bench: unknown option ${JSON.stringify(flag)}; ${suggest(flag, known)}`;
  if (names.length > 1) return `bench: one name at most, got ${names.length}; ${USAGE}`;
  const available = benchmarks.map(({ name }) => name);
  const [name] = names;
  if (name === undefined || available.includes(name)) return undefined;
  return `bench: unknown benchmark ${JSON.stringify(name)}; ${suggest(name, available)}`;
}

function suggest(word: string, known: readonly string[]): string {
  const closest = closestName(word, known);
  return closest === undefined ? `there are ${known.join(", ")}` : `did you mean ${JSON.stringify(closest)}?`;
}

function list(benchmarks: readonly Benchmark[]): string {
  const wide = Math.max(...benchmarks.map(({ name }) => name.length));
  return benchmarks.map(({ name, description }) => `${name.padEnd(wide)}  ${description}`).join("\n");
}

function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One look at outcomes that were held out. */
export interface Opening {
  /** ISO 8601. */
  readonly time: string;
  readonly experiment: string;
  readonly commit: string | null;
  /** Version and code hash of the program. */
  readonly program: string;
  readonly configHash: string;
  readonly dataHash: string;
  readonly methods: readonly string[];
  readonly seeds: readonly number[];
  readonly permutations: number;
}

/** Name of the log in the runs folder. */
export const OPENINGS_FILE = "openings.jsonl";

/**
 * Notes that the outer folds of an experiment are opened, before they are.
 *
 * Held-out outcomes that are looked at often are no longer held out: the number of looks belongs to every result.
 *
 * @returns How often the folds of this experiment on this data were opened, this time included.
 */
export function logOpening(runsFolder: string, opening: Opening): number {
  mkdirSync(runsFolder, { recursive: true });
  const path = join(runsFolder, OPENINGS_FILE);
  const before = existsSync(path) ? readFileSync(path, "utf8") : "";
  // A line that a killed process left unfinished must not swallow this one.
  const gap = before === "" || before.endsWith("\n") ? "" : "\n";
  appendFileSync(path, `${gap}${JSON.stringify(opening)}\n`);
  const earlier = before.split("\n").filter((line) => isOpeningOf(line, opening));
  return earlier.length + 1;
}

function isOpeningOf(line: string, { experiment, dataHash }: Opening): boolean {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return false;
    return (
      "experiment" in value && value.experiment === experiment && "dataHash" in value && value.dataHash === dataHash
    );
  } catch {
    return false;
  }
}

import { join } from "node:path";
import type { z } from "zod";
import type { TableReading } from "../table-report.ts";

/** Reads one published set of outcomes. */
export interface DatasetAdapter {
  /** What the set holds, in one sentence. */
  readonly description: string;
  /** The files that are read, relative to the data folder. */
  readonly files: readonly string[];
  /** Schema of the options of {@link DatasetAdapter.read}; `{}` is always valid. */
  readonly options: z.ZodType;
  /** Options under which every row is read that a check compares, such as both splits. Default: `{}`. */
  readonly checkOptions?: unknown;
  /**
   * Reads the set.
   *
   * @param folder - The data folder, which holds one sub-folder per set.
   * @throws ConfigError for wrong options, DataError for wrong files.
   */
  readonly read: (folder: string, options?: unknown) => Promise<TableReading>;
}

/** Path of a file of a set. */
export function dataPath(folder: string, file: string): string {
  return join(folder, ...file.split("/"));
}

import { DataError, parseConfig } from "@haps/spec";
import { z } from "zod";
import type { FileSystemPort } from "./file-system-port.ts";
import { encodeJsonLine } from "./json-file.ts";
import { nodeFiles } from "./node-files.ts";
import { folderOf } from "./write-file-atomic.ts";

/** Schema of {@link Opening}; further facts, such as seeds, are kept. */
export const openingSchema = z.looseObject({
  schemaVersion: z.literal(1).default(1),
  /** Name of the experiment whose outer folds are opened. */
  experiment: z.string().min(1),
  /** Commit of the program, `null` outside a repository. */
  commit: z.string().nullable(),
  /** Hash of the resolved configuration. */
  configHash: z.string(),
  /** Hash of the data. */
  dataHash: z.string(),
  /** When, in ISO 8601 with zone. */
  time: z.iso.datetime({ offset: true }),
  /** Methods that are evaluated. */
  methods: z.array(z.string()).min(1),
});

/** One look at the outer folds of an experiment: whoever looks often enough finds something by luck. */
export interface Opening extends z.input<typeof openingSchema> {}

/** Every look that a log holds. */
export interface OpeningsLog {
  /** In the order of the file. */
  readonly openings: readonly z.output<typeof openingSchema>[];
  /** Lines that a killed writer left unfinished. */
  readonly tornLines: number;
}

/** How to reach the log. */
export interface OpeningsOptions {
  /** Default: the file system of Node. */
  readonly files?: FileSystemPort;
}

/**
 * Adds one line to a log of openings; nothing in it is ever changed or removed. Call it *before* the folds are opened.
 *
 * @param path - The log; created with its folder where it does not exist.
 * @returns How often the outer folds of this experiment on this data were opened, this time included.
 * @throws HapsError code `config` for an opening that lacks something; `data` for a log that holds something else.
 *
 * @example
 * ```ts
 * import { mkdtemp } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * const path = `${await mkdtemp(`${tmpdir()}/log-`)}/openings.jsonl`;
 * const opening = { experiment: "demo", commit: null, configHash: "c", dataHash: "d", methods: ["haps"] };
 * await appendOpening(path, { ...opening, time: "2026-01-31T12:00:00Z" });
 * console.assert((await appendOpening(path, { ...opening, time: "2026-02-01T12:00:00Z" })) === 2);
 * ```
 */
export async function appendOpening(path: string, opening: Opening, options: OpeningsOptions = {}): Promise<number> {
  const { files = nodeFiles } = options;
  const line = encodeJsonLine("appendOpening", parseConfig("appendOpening", openingSchema, opening));
  await files.makeFolder(folderOf(path));
  const before = await files.read(path);
  // A torn line is ended, never cut off: another process may be writing behind it.
  const torn = before !== null && before.byteLength > 0 && before.at(-1) !== 10;
  await files.append(path, torn ? Uint8Array.of(10, ...line) : line);
  await files.sync(path);
  const { openings } = await readOpenings(path, options);
  const { experiment, dataHash } = opening;
  return openings.filter((one) => one.experiment === experiment && one.dataHash === dataHash).length;
}

/**
 * Reads a log of openings; a missing one is empty.
 *
 * @throws DataError naming the line that is whole but no opening.
 */
export async function readOpenings(path: string, options: OpeningsOptions = {}): Promise<OpeningsLog> {
  const bytes = await (options.files ?? nodeFiles).read(path);
  const lines = new TextDecoder().decode(bytes ?? new Uint8Array()).split("\n");
  const read = lines.map((line, index) => (line === "" ? "empty" : readLine(path, line, index + 1)));
  return {
    openings: read.filter((entry) => typeof entry === "object"),
    tornLines: read.filter((entry) => entry === "torn").length,
  };
}

function readLine(path: string, text: string, line: number): z.output<typeof openingSchema> | "torn" {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "torn";
  }
  const parsed = openingSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join(".") ?? "";
  throw new DataError(
    { file: path, line, ...(field === "" ? {} : { field }) },
    `it is no opening (${parsed.error.issues[0]?.message ?? "unknown problem"})`,
    "restore the line; openings must not be edited",
  );
}

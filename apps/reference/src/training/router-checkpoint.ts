import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Arm, armLabel, DataError, type OutcomeTable, type Pool, type Router, type Task } from "@haps/spec";
import { readSafetensors, writeSafetensors } from "@haps/tensor";
import { z } from "zod";
import { loadRouter, type SavedHaps } from "../haps/create-haps.ts";
import { parseWritten } from "../parse-written.ts";
import { UsageError } from "../usage-error.ts";
import { savedHapsSchema } from "./saved-haps-schema.ts";

const ADVICE = "restore the checkpoint from a copy, or train again";

const checkpointSchema = z.object({
  formatVersion: z.literal(1),
  kind: z.literal("haps-router"),
  experiment: z.string(),
  simulated: z.boolean(),
  /** Checked by the router's own loader. */
  task: z.custom<Task>((value) => typeof value === "object" && value !== null),
  pool: z.custom<Pool>((value) => typeof value === "object" && value !== null),
  costUnit: z.string().nullable(),
  seed: z.int(),
  dataHash: z.string(),
  router: savedHapsSchema,
});

/** What a checkpoint says about its router, without the router itself. */
export interface CheckpointFacts extends Omit<z.output<typeof checkpointSchema>, "router"> {}

/** A router as it is kept on disk: `model.safetensors`, `README.md` and `config.json`, by name. */
export type CheckpointFiles = Readonly<Record<string, Uint8Array>>;

/** What {@link checkpointFiles} writes down. */
export interface CheckpointInput {
  readonly facts: CheckpointFacts;
  readonly table: OutcomeTable;
  readonly steps: number;
  readonly saved: SavedHaps;
}

/** The files of a router's checkpoint; equal routers give equal bytes. */
export function checkpointFiles({ facts, table, steps, saved }: CheckpointInput): CheckpointFiles {
  const encoder = new TextEncoder();
  return {
    "model.safetensors": writeSafetensors(saved.arrays, { metadata: { format: "haps-router" } }),
    "README.md": encoder.encode(readme(facts, table, steps)),
    // The last one: where it is, the others are.
    "config.json": encoder.encode(`${JSON.stringify({ ...facts, router: saved.config }, null, 2)}\n`),
  };
}

function readme(facts: CheckpointFacts, table: OutcomeTable, steps: number): string {
  const arms = table.arms.map((arm: Arm) => `* ${armLabel(arm)}\n`).join("");
  const notes = table.warnings.map((warning) => `* ${warning}\n`).join("");
  return `# A HAPS router${facts.simulated ? " (simulated)" : ""}

Trained on ${table.rows.length} questions of \`${facts.experiment}\` (table ${table.hash}), seed ${facts.seed}, ${steps} steps.
${facts.simulated ? "The outcomes are simulated: this router is for trying the command, not for use.\n" : ""}It has seen all of these questions, so it has no measured score: \`haps evaluate ${facts.experiment}\` measures routers
made in the same way on questions that they have not seen.

## Arms

${arms}${notes === "" ? "" : `\n## Warnings of the table\n\n${notes}`}
\`haps route <this folder> "question"\` routes a question.
`;
}

/** A router that was read back, ready to route. */
export interface LoadedCheckpoint {
  readonly facts: CheckpointFacts;
  /** The caller disposes it. */
  readonly router: Router;
  /** Cost weights that it was trained at; `null`: it was trained without costs. */
  readonly costWeights: readonly number[] | null;
}

/**
 * Loads a router from its folder, or from the folder of the run that trained it. A backend must have been loaded.
 *
 * @throws UsageError when there is no checkpoint; DataError for a damaged one.
 */
export function loadCheckpoint(folder: string): LoadedCheckpoint {
  const place = findCheckpoint(folder);
  const file = join(place, "config.json");
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new DataError({ file }, "is not JSON", ADVICE, { cause: error });
  }
  const { router: config, ...facts } = parseWritten(checkpointSchema, value, { file, advice: ADVICE });
  const model = join(place, "model.safetensors");
  if (!existsSync(model)) {
    throw new DataError({ file: model }, "is missing", ADVICE);
  }
  const bytes = readFileSync(model);
  const { arrays } = readSafetensors(bytes, { source: model });
  const hash = createHash("sha256").update(readFileSync(file)).update(bytes).digest("hex");
  const { points } = config.model.calibration;
  return {
    facts,
    router: restoreRouter({ config, arrays }, hash.slice(0, 16), place),
    costWeights: config.model.costScale === null ? null : points.map(({ costWeight }) => costWeight),
  };
}

function restoreRouter(saved: SavedHaps, hash: string, place: string): Router {
  try {
    return loadRouter(saved, { hash });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DataError({ file: place }, `holds no router that can be loaded (${reason})`, ADVICE, { cause: error });
  }
}

function findCheckpoint(folder: string): string {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new UsageError(`no folder at ${folder}; "haps train <experiment>" makes a checkpoint and says where`);
  }
  const inside = join(folder, "router");
  if (existsSync(join(inside, "config.json"))) return inside;
  if (existsSync(join(folder, "model.safetensors"))) return folder;
  if (existsSync(join(folder, "checkpoint"))) {
    throw new UsageError(`the training in ${folder} is not finished; go on with "haps train" and --resume`);
  }
  throw new UsageError(`no router in ${folder}; expected a folder with config.json and model.safetensors`);
}

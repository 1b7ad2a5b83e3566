import { nodeFiles, runManifestSchema, writeFileAtomic } from "@haps/run";
import { DataError } from "@haps/spec";
import { z } from "zod";
import { UsageError } from "../usage-error.ts";
import { studyConfigSchema } from "./study-config.ts";
import type { StudyPlace } from "./study-context.ts";

const FILE = "study.json";

const placeSchema = z.strictObject({
  schemaVersion: z.literal(1),
  config: studyConfigSchema,
  poolFolder: z.string(),
  samples: z.strictObject({ train: z.string(), valid: z.string(), test: z.string() }),
  manifest: runManifestSchema,
});

/** Keeps what later commands need to open a study. */
export async function saveStudyPlace({ folder, ...place }: StudyPlace): Promise<void> {
  const text = `${JSON.stringify({ schemaVersion: 1, ...place }, null, 2)}\n`;
  await writeFileAtomic(nodeFiles, `${folder}/${FILE}`, new TextEncoder().encode(text));
}

/**
 * Reads what a study's folder says about it.
 *
 * @throws UsageError where the folder holds no study; DataError for a damaged file.
 */
export async function readStudyPlace(folder: string): Promise<StudyPlace> {
  const file = `${folder}/${FILE}`;
  const bytes = await nodeFiles.read(file);
  if (bytes === null) throw new UsageError(`no study in ${folder}; give the folder of one that "haps experiment" made`);
  try {
    const { schemaVersion: _, ...place } = placeSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
    return { ...place, folder };
  } catch (cause) {
    throw new DataError({ file }, "does not describe a study", "run the study again", { cause });
  }
}

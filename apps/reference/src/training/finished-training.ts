import { createHash } from "node:crypto";
import type { Run } from "@haps/run";
import { DataError } from "@haps/spec";
import { z } from "zod";
import type { CheckpointFiles } from "./router-checkpoint.ts";

const resultSchema = z.object({
  steps: z.int(),
  router: z.literal("router"),
  /** SHA-256 of every file of the router. */
  files: z.record(z.string(), z.string()).refine((files) => Object.keys(files).length > 0),
});

/** Writes the files of a router in their order, then the result that names them: the training is finished. */
export async function finishTraining(run: Run, steps: number, files: CheckpointFiles): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) await run.writeFile(`router/${name}`, bytes);
  const hashes = Object.entries(files).map(([name, bytes]) => [name, sha256(bytes)]);
  await run.finish({ steps, router: "router", files: Object.fromEntries(hashes) });
}

/**
 * Makes sure that the router of a finished training is there as it was written.
 *
 * @throws DataError naming the first file that is missing or differs.
 */
export async function verifyFinished(run: Run): Promise<void> {
  const advice = "restore it from a copy, or train anew with --fresh";
  const result = resultSchema.safeParse(run.result);
  if (!result.success) {
    throw new DataError({ file: `${run.folder}/result.json` }, "is not the result of a training", advice);
  }
  for (const [name, hash] of Object.entries(result.data.files)) {
    const bytes = await run.readFile(`router/${name}`);
    const file = `${run.folder}/router/${name}`;
    if (bytes === null) throw new DataError({ file }, "is missing", advice);
    if (sha256(bytes) !== hash) throw new DataError({ file }, "is not what the training wrote", advice);
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

import { z } from "zod";

/** Schema of {@link RunManifest}. */
export const runManifestSchema = z.strictObject({
  schemaVersion: z.literal(1).default(1),
  /** Versions of Node, of the toolkit and of what it computes with, by name. */
  versions: z.record(z.string(), z.string()),
  /** Name of the backend that computes, e.g. `wasm`; `none` where nothing does. */
  backend: z.string(),
  /** Commit of the program, `null` outside a repository. */
  commit: z.string().nullable(),
  /** Hash of the data, `null` where there is none. */
  dataHash: z.string().nullable(),
});

/**
 * What a run was made with. Holds no time, host or process, so that two runs of one program on the same data have equal
 * manifests.
 */
export interface RunManifest extends z.input<typeof runManifestSchema> {}

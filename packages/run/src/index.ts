export type { Checkpoint, CheckpointFiles } from "./checkpoint-store.ts";
export type { FileSystemPort, FolderEntry } from "./file-system-port.ts";
export type { FreshStart } from "./forget-run.ts";
export { type HashFolderOptions, hashFolder } from "./hash-folder.ts";
export { type JsonDifference, jsonDifferences } from "./json-differences.ts";
export { type RunManifest, runManifestSchema } from "./manifest.ts";
export { nodeFiles } from "./node-files.ts";
export { type OpenRunOptions, openRun, type RunEvent } from "./open-run.ts";
export {
  appendOpening,
  type Opening,
  type OpeningsLog,
  type OpeningsOptions,
  openingSchema,
  readOpenings,
} from "./openings-log.ts";
export type { Run } from "./run.ts";
export { nodeProcess, type ProcessPort } from "./run-lock.ts";
export { writeFileAtomic } from "./write-file-atomic.ts";

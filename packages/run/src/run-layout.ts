/** The resolved configuration of a run. */
export const CONFIG_FILE = "config.json";
/** What the run was made with. */
export const MANIFEST_FILE = "manifest.json";
/** One JSON line per step. */
export const METRICS_FILE = "metrics.jsonl";
/** Written when the run is complete. */
export const RESULT_FILE = "result.json";
/** Wall-clock times, which differ between equal runs. */
export const TIMINGS_FILE = "timings.jsonl";
/** Names the process that has the folder open. */
export const LOCK_FILE = "lock";
/** Holds the checkpoints and the pointer to the latest. */
export const CHECKPOINT_FOLDER = "checkpoint";
/** Names that callers may not write to. */
export const RESERVED_NAMES: readonly string[] = [
  CONFIG_FILE,
  MANIFEST_FILE,
  METRICS_FILE,
  RESULT_FILE,
  TIMINGS_FILE,
  LOCK_FILE,
  CHECKPOINT_FOLDER,
];

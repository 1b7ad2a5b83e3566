import type { CandidateId, EpisodeTrace } from "@haps/spec";

/** What happens while episodes run. */
export type RunEvent =
  | { readonly type: "batch-start"; readonly candidate: CandidateId; readonly calls: number }
  | {
      readonly type: "batch-end";
      readonly candidate: CandidateId;
      readonly calls: number;
      /** Calls that failed. */
      readonly failed: number;
      /** Present when the runner has a clock. */
      readonly milliseconds?: number;
    }
  | {
      readonly type: "episode-end";
      /** To be stored at once where a run must survive being killed. */
      readonly trace: EpisodeTrace;
      /** Episodes that have ended, this one too. */
      readonly done: number;
      readonly total: number;
    };

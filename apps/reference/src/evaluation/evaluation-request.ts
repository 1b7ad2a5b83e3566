import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { canonicalJson } from "@haps/spec";
import { sourceIdentity } from "../experiments/table-source.ts";
import type { Workload } from "../jobs/workload.ts";

/** What one `haps evaluate` was asked for. */
export interface EvaluationRequest {
  readonly experiment: {
    readonly name: string;
    readonly title: string;
    readonly question: string;
    readonly notes: readonly string[];
  };
  readonly workload: Workload;
  /** Names of the methods to fit, in the order of the table. */
  readonly methods: readonly string[];
  readonly seeds: readonly number[];
  /** Number of permutations of the null experiment; 0: none. */
  readonly permutations: number;
}

/**
 * What fits must have in common to be kept side by side: the source, the folds and what routers are asked.
 *
 * Methods, seeds and permutations are not part of it: a later request with more of them uses the fits that are there.
 * Nor is a router module of a user's own: its fits are not kept.
 */
export function workloadIdentity(request: EvaluationRequest): Readonly<Record<string, unknown>> {
  const { source, router: _, ...shared } = request.workload;
  return {
    kind: "evaluation",
    experiment: request.experiment.name,
    source: sourceIdentity(source),
    ...shared,
  };
}

/** Ten digits that name a request among others of the same workload. */
export function requestHash(request: EvaluationRequest): string {
  const { methods, seeds, permutations } = request;
  const { router } = request.workload;
  const own = router === undefined ? {} : { router: shortHash(readFileSync(router)) };
  return shortHash(canonicalJson({ methods, seeds, permutations, notes: request.experiment.notes, ...own }));
}

/** The first ten hexadecimal digits of a SHA-256. */
export function shortHash(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex").slice(0, 10);
}

import type { EpisodeTrace, RoleId, RoleUsage } from "@haps/spec";

/**
 * Counts calls and tokens of every role of an episode, for its cost. Roles that were not asked have zeros.
 *
 * @example
 * ```ts
 * const decoding = { maxTokens: 1 };
 * const roles = { answerer: { candidate: "tiny", decoding } };
 * const end = { status: "no-answer", answer: null, reason: "unparsable" } as const;
 * const trace = { id: "1", questionId: "q", workflow: "", seed: 0, roles, entries: [], end };
 * console.assert(traceUsage(trace)["answerer"]?.calls === 0);
 * ```
 */
export function traceUsage(trace: EpisodeTrace): Readonly<Record<RoleId, RoleUsage>> {
  const used = Object.entries(trace.roles).map(([role, { candidate }]): [RoleId, RoleUsage] => {
    const calls = trace.entries.flatMap((entry) => (entry.kind === "call" && entry.role === role ? [entry] : []));
    const inputTokens = calls.reduce((sum, { promptTokens }) => sum + promptTokens.length, 0);
    const outputTokens = calls.reduce((sum, { tokens }) => sum + tokens.length, 0);
    return [role, { candidate, calls: calls.length, inputTokens, outputTokens }];
  });
  return Object.fromEntries(used);
}

import { type Episode, type EpisodeTrace, HapsError, type Reply, type Step } from "@haps/spec";

/** Where an episode stands after a replay. */
export interface Replayed {
  readonly step: Step;
  /** Replies to the first effects of a step that were not all answered; hand them over again with the missing ones. */
  readonly rest: readonly Reply[];
}

/**
 * Brings a fresh episode to where recorded replies had brought it.
 *
 * @param replies - In the order in which they were asked for; those of the last step may be incomplete.
 * @throws HapsError code `state` for replies that do not fit, or that go on after the end.
 *
 * @example
 * ```ts
 * const workflow = createTeacherStudentWorkflow();
 * const question = { id: "q", text: "Who?", context: ["Ada\nAda wrote it."] };
 * const { step } = replayEpisode(workflow.start(question), [{ kind: "text", text: "Thought: a\nAction: Finish[Ada]" }]);
 * console.assert(step.kind === "done" && step.answer === "Ada");
 * ```
 */
export function replayEpisode(episode: Episode, replies: readonly Reply[]): Replayed {
  let step = episode.next([]);
  let from = 0;
  while (from < replies.length) {
    if (step.kind === "done") {
      const message = `replayEpisode: the episode ended after ${from} of ${replies.length} replies; replay those of this workflow`;
      throw new HapsError("state", message, { used: from, replies: replies.length });
    }
    const count = step.effects.length;
    if (replies.length - from < count) break;
    step = episode.next(replies.slice(from, from + count));
    from += count;
  }
  return { step, rest: replies.slice(from) };
}

/** The replies of a recorded episode up to its first failure, for {@link replayEpisode}. */
export function repliesOf(trace: EpisodeTrace): readonly Reply[] {
  const failed = trace.entries.findIndex(({ kind }) => kind === "failed-call" || kind === "failed-retrieval");
  return trace.entries.slice(0, failed < 0 ? undefined : failed).flatMap((entry): readonly Reply[] => {
    if (entry.kind === "call") return [{ kind: "text", text: entry.text }];
    return entry.kind === "retrieval" ? [{ kind: "paragraphs", paragraphs: entry.paragraphs }] : [];
  });
}

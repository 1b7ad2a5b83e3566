import { type Effect, type EndReason, type Episode, HapsError, type Reply, type Step } from "@haps/spec";

/** The end of a script. */
export interface ScriptEnd {
  readonly answer: string | null;
  readonly reason: EndReason;
}

/** A workflow written down as a generator: it yields effects, receives their replies, and returns the end. */
export type EpisodeScript = Generator<readonly Effect[], ScriptEnd, readonly Reply[]>;

const WANTED = { call: "text", retrieval: "paragraphs" } as const;

/**
 * Makes an episode of a script, and checks that replies fit what was asked.
 *
 * The script must be deterministic: the same replies, the same effects.
 *
 * @example
 * ```ts
 * const episode = createEpisode(function* () {
 *   const [reply] = yield [{ kind: "call", role: "answerer", purpose: "answer", prompt: { text: "2 + 2 =" } }];
 *   return { answer: reply?.kind === "text" ? reply.text : null, reason: "answered" };
 * });
 * console.assert(episode.next([]).kind === "ask");
 * const end = episode.next([{ kind: "text", text: "4" }]);
 * console.assert(end.kind === "done" && end.answer === "4");
 * ```
 */
export function createEpisode(script: () => EpisodeScript): Episode {
  const running = script();
  let step: Step = { kind: "ask", effects: [] };
  return {
    next(replies) {
      checkReplies(step, replies);
      const { done, value } = running.next(replies);
      step = done === true ? { kind: "done", ...value } : { kind: "ask", effects: value };
      return step;
    },
  };
}

function checkReplies(step: Step, replies: readonly Reply[]): void {
  if (step.kind === "done") throw new HapsError("state", "episode: it has ended; start another one");
  const wanted = step.effects.map(({ kind }) => WANTED[kind]);
  const got = replies.map(({ kind }) => kind);
  if (wanted.join() === got.join()) return;
  const message = `episode: got replies [${got.join(", ")}]; expected [${wanted.join(", ")}], one for each effect of the step before`;
  throw new HapsError("state", message, { got, wanted });
}

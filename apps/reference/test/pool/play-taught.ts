import type { Paragraph, Question, Reply, Retriever, Workflow } from "@haps/spec";
import type { ScriptedCall } from "../../src/pool/scripted-hop.ts";

/** What an episode in which everybody replies as taught ends in. */
export interface TaughtEnd {
  readonly answer: string | null;
  /** Prompts of calls and texts of found paragraphs, in order. */
  readonly seen: readonly { readonly kind: "found" | "prompt"; readonly text: string }[];
}

/** Plays a question through the workflow by taught replies only; a prompt that no script has met is an error. */
export function playTaught(
  question: Question,
  calls: readonly ScriptedCall[],
  workflow: Workflow,
  retriever?: Retriever,
): TaughtEnd {
  const taught = new Map(calls.map(({ prompt, reply }) => [prompt, reply]));
  const seen: { kind: "found" | "prompt"; text: string }[] = [];
  const episode = workflow.start(question);
  let replies: readonly Reply[] = [];
  for (;;) {
    const step = episode.next(replies);
    if (step.kind === "done") return { answer: step.answer, seen };
    replies = step.effects.map((effect): Reply => {
      if (effect.kind === "retrieval") {
        const paragraphs = retriever?.retrieve(question, effect.query) as readonly Paragraph[];
        seen.push({ kind: "found", text: paragraphs.map(({ text }) => text).join(" ") });
        return { kind: "paragraphs", paragraphs };
      }
      const prompt = "text" in effect.prompt ? effect.prompt.text : "";
      seen.push({ kind: "prompt", text: prompt });
      const reply = taught.get(prompt);
      if (reply === undefined) throw new Error(`no script has met: ${prompt}`);
      return { kind: "text", text: reply };
    });
  }
}

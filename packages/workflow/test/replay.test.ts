import type { Reply } from "@haps/spec";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  COMPACT_TEMPLATES,
  createTeacherStudentWorkflow,
  releasedParseRules,
  replayEpisode,
  tolerantParseRules,
} from "../src/index.ts";
import { drive } from "./drive.ts";

const question = { id: "q", text: "Who?", context: ["A\na"] };
const replyText = fc.oneof(
  fc.constantFrom(
    "Thought: t\nAction: Search[a]",
    "Thought: t\nAction: Search[]",
    "Thought: t\nAction: wait",
    "Thought: t\nAction: [Rethink]",
    "Summary: s",
    "x Action: Search[ y ]",
    "",
  ),
  fc.string({ maxLength: 12 }),
  fc.constant("Thought: t\nAction: Finish[done]"),
);
const options = fc.record({
  budget: fc.integer({ min: 0, max: 4 }),
  skipUnreadSummary: fc.boolean(),
  rules: fc.constantFrom(releasedParseRules, tolerantParseRules),
});

test("an episode is where it was after a replay of any prefix of its replies", () => {
  const property = fc.property(
    options,
    fc.array(replyText, { minLength: 30, maxLength: 30 }),
    fc.nat(),
    (given, texts, cut) => {
      const workflow = createTeacherStudentWorkflow(given);
      let place = 0;
      const driven = drive(workflow.start(question), () => texts[place++] ?? "");
      const { replies, end } = driven;
      const kept = cut % (replies.length + 1);
      const episode = workflow.start(question);
      const { step, rest } = replayEpisode(episode, replies.slice(0, kept));
      // Going on from there gives the same rest of the steps and the same end.
      let given2: readonly Reply[] = [...rest, ...replies.slice(kept)];
      let current = step;
      while (current.kind === "ask") {
        const count = current.effects.length;
        current = episode.next(given2.slice(0, count));
        given2 = given2.slice(count);
      }
      expect(given2).toEqual([]);
      expect(current).toEqual(end);
      expect(driven.calls.length).toBeLessThanOrEqual(4 * given.budget + (given.skipUnreadSummary ? 0 : 1) || 1);
    },
  );
  fc.assert(property, { seed: 43, numRuns: 300 });
});

test("the same replies give the same steps", () => {
  const workflow = createTeacherStudentWorkflow({ templates: COMPACT_TEMPLATES });
  const property = fc.property(fc.array(replyText, { minLength: 30, maxLength: 30 }), (texts) => {
    const play = () => {
      let place = 0;
      return drive(workflow.start(question), () => texts[place++] ?? "");
    };
    expect(play()).toEqual(play());
  });
  fc.assert(property, { seed: 43, numRuns: 50 });
});

test("a replay that goes on after the end is refused", () => {
  const episode = createTeacherStudentWorkflow().start(question);
  const replies: readonly Reply[] = [
    { kind: "text", text: "Thought: t\nAction: Finish[a]" },
    { kind: "text", text: "more" },
  ];
  expect(() => replayEpisode(episode, replies)).toThrow("the episode ended after 1 of 2 replies");
});

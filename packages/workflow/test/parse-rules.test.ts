import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type ParseRules, releasedParseRules, tolerantParseRules } from "../src/index.ts";

interface OracleCase {
  readonly reply: string;
  readonly act: { thought: string; action: string; verb: string | null; argument: string | null } | null;
  readonly summary: string | null;
}

/** `Search x`, `Finish x`, or `-`. */
function move(rules: ParseRules, reply: string): string {
  const { move: wanted } = rules.student(reply);
  if (wanted.kind === "search") return `Search ${wanted.query}`;
  return wanted.kind === "finish" ? `Finish ${wanted.answer}` : "-";
}

describe("parse rules", () => {
  // Defect B21 of the release and its neighbours: reply, released, tolerant.
  test.each([
    ["Thought: t\nAction: Finish[Paris]", "Finish Paris", "Finish Paris"],
    ["Thought: t\nAction: Search[Paris]", "Search Paris", "Search Paris"],
    ["Thought: t\nAction: finish[Paris]", "-", "Finish Paris"],
    ["Thought: t\nAction: FINISH[Paris]", "-", "Finish Paris"],
    ["**Thought:** t\n**Action:** Finish[Paris]", "-", "Finish Paris"],
    ["Thought: t\nAction: **Finish[Paris]**", "-", "Finish Paris"],
    ["Thought: t\nAction: ** Finish[Paris]", "-", "Finish Paris"],
    ["## Thought: t\n## Action: Finish[Paris]", "Finish Paris", "Finish Paris"],
    ["Thought: t\nAction: Finish[Paris", "Finish Pari", "Finish Paris"],
    ["Thought: t\nAction: Finish: Paris", "Finish  Pari", "Finish Paris"],
    ["Thought: t\nAction: Finish(Paris)", "Finish Paris", "Finish Paris"],
    ["Thought: t\nAction: Finish[Paris] because", "Finish Paris", "Finish Paris"],
    ["Thought: t\nAction: Finish[the [old] one]", "Finish the [old", "Finish the [old] one"],
    ["Thought: t\nAction: Search[ Paris ]", "Search  Paris ", "Search Paris"],
    ['Thought: t\nAction: Search["Paris"]', 'Search "Paris"', "Search Paris"],
    ['Thought: t\nAction: Search["A" or "B"]', 'Search "A" or "B"', 'Search "A" or "B"'],
    ["Thought: t\nAction: Finish[**Paris**]", "Finish **Paris**", "Finish Paris"],
    ["Thought: t\nAction: Finish[]", "Finish ", "Finish "],
    ["Thought: t\nAction: Finish", "Finish ", "-"],
    ["Thought: t\nAction: Finishing[Paris]", "Finish ng[Paris", "-"],
    ["Thought: my Action: is to look\nAction: Search[Paris]", "-", "Search Paris"],
    ["Thought: the Action: Finish[no] is wrong\nAction: Search[Paris]", "Finish no", "Search Paris"],
    ["Thought: t Action: Search[Paris]", "Search Paris", "Search Paris"],
    ["Action: Search[Paris]\nThought: t", "Search Paris", "Search Paris"],
    ["Action: Search[Paris]", "-", "Search Paris"],
    ["I would say Finish[Paris].", "-", "Finish Paris"],
    ["Thought: t\nReaction: Search[Paris]", "-", "Search Paris"],
    ["Thought: t\nAction: Search[A]\nObservation: o\nAction: Finish[B]", "Search A", "Search A"],
    ["Thought: t\nAction: I will Search[Paris]", "-", "Search Paris"],
    ["Thought: Finish[Rome] is too early\nAction: look around", "-", "-"],
    ["Thought: t\nAction: look around", "-", "-"],
    ["Thought: t", "-", "-"],
    ["", "-", "-"],
  ])("read %j", (reply, released, tolerant) => {
    expect(move(releasedParseRules, reply)).toBe(released);
    expect(move(tolerantParseRules, reply)).toBe(tolerant);
  });

  // Defect B22: reply, released, tolerant.
  test.each([
    ["Summary: a b", "a b", "a b"],
    ["Summary: a\nb", "a\nb", "a\nb"],
    ["Summary: a\nNote: b", "a", "a\nNote: b"],
    ["Summary: a\nTwo words: b", "a\nTwo words: b", "a\nTwo words: b"],
    ["Summary: a\nThought: b", "a", "a"],
    ["Summary:\nNote: b", "", "Note: b"],
    ["**Summary:** a", null, "a"],
    ["**Summary**: a", null, "a"],
    ["Here it is.\nSummary : a", "a", "a"],
    ["So, summary: a", null, "a"],
    ["SUMMARY: a", "a", "a"],
    ["a b", null, "a b"],
    ["Summary:", "", null],
    ["  ", null, null],
  ])("sum up %j", (reply, released, tolerant) => {
    expect(releasedParseRules.summary(reply)).toBe(released);
    expect(tolerantParseRules.summary(reply)).toBe(tolerant);
  });

  test.each([
    [
      "Thought: good\nAction: [Continue]",
      { thought: "good", action: "[Continue]" },
      { thought: "good", action: "[Continue]" },
    ],
    [
      "Thought: bad\nAction: [Rethink] now",
      { thought: "bad", action: "[Rethink]" },
      { thought: "bad", action: "[Rethink]" },
    ],
    [
      "Thought: good\n**Action:** continue",
      { thought: "good\n**Action:** continue", action: "** continue" },
      { thought: "good", action: "continue" },
    ],
    ["Good work! [Continue]", { thought: null, action: null }, { thought: "Good work!", action: "[Continue]" }],
    ["Look at the river.", { thought: null, action: null }, { thought: "Look at the river.", action: null }],
    ["", { thought: null, action: null }, { thought: null, action: null }],
  ])("judge %j", (reply, released, tolerant) => {
    expect(releasedParseRules.teacher(reply)).toEqual(released);
    expect(tolerantParseRules.teacher(reply)).toEqual(tolerant);
  });

  test("keep the action as it was written, cut where it ends", () => {
    expect(tolerantParseRules.student("Thought: t\n**Action:** finish[ a [b] ] I think")).toEqual({
      thought: "t",
      action: "finish[ a [b] ]",
      move: { kind: "finish", answer: "a [b]" },
    });
    expect(releasedParseRules.student("Thought: t\nAction: Search[a] Finish[b]").action).toBe("Search[a]");
  });

  test("as released, read what Python's regular expressions read", () => {
    const path = new URL("./fixtures/released-parse.json", import.meta.url);
    const cases = JSON.parse(readFileSync(path, "utf8")) as readonly OracleCase[];
    expect(cases.length).toBe(900);
    for (const { reply, act, summary } of cases) {
      const got = releasedParseRules.student(reply);
      expect(got.thought, reply).toBe(act?.thought ?? null);
      expect(got.action, reply).toBe(act?.action ?? null);
      const expected = act?.verb == null ? "-" : `${act.verb} ${act.argument}`;
      expect(move(releasedParseRules, reply), reply).toBe(expected);
      expect(releasedParseRules.summary(reply), reply).toBe(summary);
    }
  });
});

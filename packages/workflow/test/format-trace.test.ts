import type { EpisodeTrace } from "@haps/spec";
import { expect, test } from "vitest";
import { formatTrace } from "../src/index.ts";

const call = { kind: "call", role: "student", candidate: "small", purpose: "studentAct", seed: 1 } as const;
const trace: EpisodeTrace = {
  id: "e1",
  questionId: "q1",
  workflow: "hash",
  seed: 7,
  roles: {
    teacher: { candidate: "large", decoding: { maxTokens: 8, temperature: 1, topP: 0.9 } },
    student: { candidate: "small", decoding: { maxTokens: 8 }, lora: "w1" },
  },
  entries: [
    {
      ...call,
      promptTokens: [1, 2, 3],
      tokens: [4, 5],
      logProbs: { full: [-1, -0.25], sampled: [0, 0] },
      prompt: { messages: [{ role: "user", content: "Who?\nThink." }] },
      text: "Thought: look\nAction: Search[Ada]\u001b[2J",
      finishReason: "length",
    },
    { kind: "retrieval", query: "Ada", paragraphs: [{ index: 0, title: "Ada", text: "She wrote it." }] },
    {
      ...call,
      kind: "failed-call",
      prompt: { tokens: [1, 2] },
      failure: { code: "data", message: "too long" },
    },
  ],
  end: { status: "failed", failure: { code: "data", message: "too long" } },
  milliseconds: [12.4, 0.2, 3],
};

test("a trace is printed with who played, prompts, replies, searches and the end", () => {
  expect(formatTrace(trace, { question: "Who?", gold: "Ada" })).toMatchInlineSnapshot(`
    "episode   e1 · question q1 · seed 7
    question  Who?
    teacher   large · temperature 1, top-p 0.9, at most 8 tokens
    student   small · greedy, at most 8 tokens · LoRA w1

      1 student · studentAct · small · 3 + 2 tokens · log P -1.25 · 12 ms · cut at its limit
        prompt | Who?
               | Think.
        reply  | Thought: look
               | Action: Search[Ada]␛[2J

      2 search "Ada" · 0 ms
        found  | Ada: She wrote it.

      3 student · studentAct · small · 3 ms · FAILED
        prompt | 2 tokens
        error  | too long

    FAILED    data: too long
    gold      "Ada""
  `);
});

test("prompts can be left out; answers and their lack are told apart", () => {
  const ok = { ...trace, end: { status: "ok", answer: "Ada", reason: "answered" } } as const;
  expect(formatTrace(ok, { prompts: false })).not.toContain("prompt");
  expect(formatTrace(ok)).toContain('answer    "Ada"');
  const ends = (["budget", "unparsable"] as const).map((reason) =>
    formatTrace({ ...trace, end: { status: "no-answer", answer: null, reason } })
      .split("\n")
      .at(-1),
  );
  expect(ends).toEqual(["no answer: the search budget was spent", "no answer: the last reply could not be read"]);
});

import { describe, expect, test } from "vitest";
import {
  CHOICE_TEMPLATE,
  COMPACT_CHOICE_TEMPLATE,
  createSingleTurnWorkflow,
  fillTemplate,
  SINGLE_TURN_TASK,
} from "../src/index.ts";
import { drive, promptOf } from "./drive.ts";

const question = { id: "q", text: "2 + {2}? (A) 3 (B) 4", context: ["Sums\n2 + 2 = 4", "no title"] };

describe("single-turn workflow", () => {
  test("asks its one role once, and its reply is the answer as it stands", () => {
    const driven = drive(createSingleTurnWorkflow().start(question), () => " I think so.\nAnswer: B \n");
    expect(driven.calls.map(({ role, purpose, maxTokens }) => [role, purpose, maxTokens])).toEqual([
      ["answerer", "answer", 256],
    ]);
    expect(promptOf(driven, "answer")).toContain("2 + {2}? (A) 3 (B) 4");
    expect(driven.end).toEqual({ kind: "done", answer: "I think so.\nAnswer: B", reason: "answered" });
  });

  test("ends without an answer when the reply is empty", () => {
    const { end } = drive(createSingleTurnWorkflow().start(question), () => " \n");
    expect(end).toEqual({ kind: "done", answer: null, reason: "unparsable" });
  });

  test("has a compact form; facts come before the question where there are some", () => {
    const compact = createSingleTurnWorkflow({ template: COMPACT_CHOICE_TEMPLATE, maxTokens: 2 });
    expect(drive(compact.start({ id: "q", text: "2 + {2}?" }), () => "B").calls[0]?.prompt).toEqual({
      text: "Choice Question: 2 + {2}? Answer:",
    });
    expect(
      promptOf(
        drive(compact.start(question), () => "B"),
        "answer",
      ),
    ).toBe("Choice Context: Sums: 2 + 2 = 4 no title Question: 2 + {2}? (A) 3 (B) 4 Answer:");
    const full = createSingleTurnWorkflow();
    expect(
      promptOf(
        drive(full.start(question), () => "B"),
        "answer",
      ),
    ).toContain("Facts:\nSums: 2 + 2 = 4\n\nno title\n\n2 + {2}? (A) 3 (B) 4");
    const open = createSingleTurnWorkflow({ template: { ...CHOICE_TEMPLATE, documents: "{documents}" } });
    expect(new Set([compact.hash, open.hash, full.hash]).size).toBe(3);
  });

  test("refuses several roles, none, templates without the question, no tokens", () => {
    const [role] = SINGLE_TURN_TASK.roles;
    const two = { ...SINGLE_TURN_TASK, roles: [role!, { id: "other", description: "" }] };
    const template = { ...CHOICE_TEMPLATE, prompt: "{documents}", documents: "{facts}" };
    expect(() => createSingleTurnWorkflow({ task: two, template, maxTokens: 0 })).toThrow(
      /lacks the slot \{question\}.*unknown slot \{facts\}.*maxTokens: 0.*has 2 roles/,
    );
    expect(() => createSingleTurnWorkflow({ task: { ...two, roles: [] } })).toThrow("has 0 roles");
  });
});

describe("templates", () => {
  test("are filled in one pass: braces and slots inside values stay", () => {
    expect(fillTemplate("{a}{b} {{a}} {c}", { a: "{b}", b: "$&{{" })).toBe("{b}$&{{ {a} {c}");
    expect(fillTemplate("{toString}", {})).toBe("{toString}");
  });
});

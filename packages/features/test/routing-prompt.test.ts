import { createHash } from "node:crypto";
import { ROUTING_PROMPT_TEMPLATE, renderRoutingPrompt, routingPromptHash } from "@haps/features";
import type { Candidate, Task } from "@haps/spec";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const task: Task = {
  id: "tutoring",
  description: "The student answers, the teacher comments.",
  roles: [
    { id: "teacher", description: "Comments on the last step." },
    { id: "student", description: "Gives the answer." },
  ],
};
const candidate = (id: string): Candidate => ({ id, weights: "open", parameters: {} });
const pool = { candidates: [candidate("llama"), candidate("qwen")] };
const SHORT = "{roles}|{task}|{question}|{candidates}";

describe("renderRoutingPrompt", () => {
  it("fills the four parts", () => {
    const parts = { task, pool, question: { id: "1", text: "Why?", context: ["One.", "Two."] } };
    expect(renderRoutingPrompt(parts, SHORT)).toBe(
      "- teacher: Comments on the last step.\n- student: Gives the answer.|The student answers, the teacher comments.|Why?\n\nOne.\n\nTwo.|0: llama\n1: qwen",
    );
  });

  it("keeps the default text", () => {
    const text = renderRoutingPrompt({ task, pool, question: { id: "1", text: "Why?" } });
    expect(text).toMatchInlineSnapshot(`
      "Choose which language model should take each role below.

      Roles:
      - teacher: Comments on the last step.
      - student: Gives the answer.

      Task:
      The student answers, the teacher comments.

      Question:
      Why?

      Candidates:
      0: llama
      1: qwen

      Name one candidate number for every role.
      "
    `);
  });

  it("fills in one pass, whatever the question says", () => {
    fc.assert(
      fc.property(fc.string(), (noise) => {
        const text = `{task} {{ }} $& $1 {unknown} ${noise}`;
        const parts = { task: { ...task, description: "T" }, pool: { candidates: [] }, question: { id: "1", text } };
        expect(renderRoutingPrompt(parts, "{{{roles}}} {task}{question}{candidates}").endsWith(`T${text}`)).toBe(true);
      }),
      { seed: 3 },
    );
  });

  it("does not show who asked", () => {
    const question = { id: "secret-id", text: "Why?", gold: { answer: "secret-gold" } };
    expect(renderRoutingPrompt({ task, pool, question })).not.toContain("secret");
  });

  it.each([
    ["{roles}{task}{question}", "{candidates} is missing"],
    [`${SHORT}{model}`, "unknown slot {model}"],
    [`${SHORT} }`, "a single brace"],
  ])("refuses the template %s", (template, problem) => {
    const parts = { task, pool, question: { id: "1", text: "Why?" } };
    const failure = expect.objectContaining({ code: "config", message: expect.stringContaining(problem) as unknown });
    expect(() => renderRoutingPrompt(parts, template)).toThrow(failure);
    expect(() => routingPromptHash(template)).toThrow(failure);
  });
});

describe("routingPromptHash", () => {
  it("is the SHA-256 of the template", () => {
    const expected = createHash("sha256").update(ROUTING_PROMPT_TEMPLATE).digest("hex");
    expect(routingPromptHash()).toBe(expected);
    expect(routingPromptHash(SHORT)).not.toBe(expected);
  });
});

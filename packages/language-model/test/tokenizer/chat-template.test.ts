import { type ChatOptions, createTokenizer, loadTokenizer } from "@haps/language-model";
import type { ChatMessage } from "@haps/spec";
import { describe, expect, it } from "vitest";
import { readTokenizerJson, tokenizerFolder } from "./tokenizer-fixture.ts";

const question: readonly ChatMessage[] = [{ role: "user", content: "Why?" }];

function render(template: string, options: ChatOptions = {}, messages = question): string {
  const tokenizer = createTokenizer({
    tokenizerJson: readTokenizerJson("spaced"),
    tokenizerConfig: { bos_token: "<s>", eos_token: { content: "</s>" } },
    chatTemplate: template,
  });
  return tokenizer.renderChat(messages, options);
}

describe("chat templates", () => {
  it("never see today's date", () => {
    const template = "{{ date_string }}|{{ strftime_now('%Y-%m-%d %b %y %-m %a %B %A %I%p %S%%') }}";
    expect(render(template)).toBe("26 Jul 2024|2024-07-26 Jul 24 7 Fri July Friday 12AM 00%");
    expect(render(template, { date: "2025-03-09" })).toBe("09 Mar 2025|2025-03-09 Mar 25 3 Sun March Sunday 12AM 00%");
    for (const date of ["2025-02-30", "today", "2025-3-9", "2025-03-09T00:00", ""]) {
      expect(() => render(template, { date })).toThrow(expect.objectContaining({ code: "config", facts: { date } }));
    }
  });

  it("see special tokens, variables, and the opening of a reply unless that is not wanted", () => {
    const template =
      "{{ bos_token }}{{ pad_token }}{{ messages[0].content }}{{ eos_token }}{{ add_generation_prompt }}{{ tone }}";
    expect(render(template)).toBe("<s>Why?</s>true".replace("true", render("{{ true }}")));
    expect(render(template, { addGenerationPrompt: false, variables: { tone: "dry" } })).toMatch(/<\/s>false.*dry$/i);
    expect(render("{{ tools is none }}{{ documents is none }}").toLowerCase()).toBe("truetrue");
    expect(render("{% for i in range(3) %}{{ i }}{% endfor %}{% for i in range(5, 0, -2) %}{{ i }}{% endfor %}")).toBe(
      "012531",
    );
  });

  it("give the reason when they refuse messages", () => {
    const refusal = () => render("{{ raise_exception('The user speaks first') }}");
    expect(refusal).toThrow(expect.objectContaining({ code: "data", facts: { reason: "The user speaks first" } }));
    expect(refusal).toThrowErrorMatchingInlineSnapshot(
      `[HapsError: renderChat: the chat template refuses these messages: The user speaks first; change their roles or their order]`,
    );
  });

  it("are named with what is wrong when they are broken, and break nothing else", () => {
    const tokenizer = createTokenizer({
      tokenizerJson: readTokenizerJson("spaced"),
      chatTemplate: "{% for message in messages %}{{ message.content }}",
      files: { chatTemplate: "folder/chat_template.jinja" },
    });
    expect(tokenizer.encode("fine").length).toBeGreaterThan(0);
    const location = { file: "folder/chat_template.jinja" };
    expect(() => tokenizer.renderChat(question)).toThrow(expect.objectContaining({ code: "data", location }));
    for (const template of [
      "{{ messages[0].content.nothing() }}",
      "{{ range(0, 1, 0) }}",
      "{{ range(10000000) }}",
      "{{ strftime_now('%Q') }}",
    ]) {
      expect(() => render(template), template).toThrow(/^chat_template.jinja: the chat template failed: /);
    }
  });

  it("are asked for by name", async () => {
    const marked = await loadTokenizer(tokenizerFolder("marked"));
    expect(marked.renderChat(question, { template: "diary" })).toMatch(/^2024-07-26 Friday/);
    expect(() => marked.renderChat(question, { template: "none" })).toThrow(
      expect.objectContaining({ code: "state", facts: { name: "none", names: ["default", "diary"] } }),
    );
    const without = createTokenizer({ tokenizerJson: readTokenizerJson("marked") });
    expect(() => without.encodeChat(question)).toThrow(/has no chat template, .* give a text in place of messages/);
  });

  it("get messages with known roles and texts only", () => {
    for (const messages of [[], [...question, { role: "robot", content: "" }], [{ role: "user", content: 3 }]]) {
      expect(() => render("{{ messages }}", {}, messages as ChatMessage[])).toThrow(
        expect.objectContaining({ code: "data" }),
      );
    }
    const robot = [...question, { role: "robot", content: "" }] as unknown as ChatMessage[];
    expect(() => render("", {}, robot)).toThrow(/message 1 has the role "robot"; use one of system, user, assistant/);
  });

  it("lead to the begin token that they write, and to no other", () => {
    const [begin, why] = ["<s>", "Why?"];
    const parts = { tokenizerJson: readTokenizerJson("spaced"), tokenizerConfig: { bos_token: begin } };
    for (const [template, count] of [
      ["{{ bos_token }}{{ messages[0].content }}", 1],
      ["{{ messages[0].content }}", 0],
      ["\n  {{ bos_token }}{{ messages[0].content }}", 1],
    ] as const) {
      const tokens = createTokenizer({ ...parts, chatTemplate: template }).encodeChat([{ role: "user", content: why }]);
      expect(tokens.filter((token) => token === 1)).toHaveLength(count);
    }
  });
});

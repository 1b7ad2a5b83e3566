import type { EpisodeEnd, EpisodeTrace, Paragraph, Prompt, TracedRole, TraceEntry } from "@haps/spec";

/** What a printed trace shows beside the trace. */
export interface FormatTraceOptions {
  /** Text of the question. */
  readonly question?: string;
  readonly gold?: string;
  /** Whether prompts are printed. Default `true`. */
  readonly prompts?: boolean;
}

/**
 * Prints an episode for people: who played, every call with prompt and reply, every search with what it found, and the end.
 *
 * Control characters in texts of models are replaced, so that a trace cannot command a terminal.
 *
 * @example
 * ```ts
 * const roles = { answerer: { candidate: "tiny", decoding: { maxTokens: 1 } } };
 * const end = { status: "ok", answer: "B", reason: "answered" } as const;
 * const trace = { id: "1", questionId: "q", workflow: "", seed: 0, roles, entries: [], end };
 * console.assert(formatTrace(trace).includes('answer    "B"'));
 * ```
 */
export function formatTrace(trace: EpisodeTrace, options: FormatTraceOptions = {}): string {
  const { question, gold, prompts = true } = options;
  const head = [
    `episode   ${trace.id} · question ${trace.questionId} · seed ${trace.seed}`,
    ...(question === undefined ? [] : [`question  ${question}`]),
    ...Object.entries(trace.roles).map(([role, player]) => `${role.padEnd(9)} ${playerText(player)}`),
  ];
  const entries = trace.entries.flatMap((entry, index) => {
    const time = trace.milliseconds?.[index];
    const shown = time === undefined ? "" : ` · ${time.toFixed(0)} ms`;
    return ["", ...entryLines(entry, `${index + 1}`.padStart(3), shown, prompts)];
  });
  const tail = ["", ...endLines(trace.end), ...(gold === undefined ? [] : [`gold      ${JSON.stringify(gold)}`])];
  return [...head, ...entries, ...tail].map(printable).join("\n");
}

function playerText({ candidate, decoding, lora }: TracedRole): string {
  const { temperature = 0, topK, topP, maxTokens } = decoding;
  const how = [
    temperature === 0 ? "greedy" : `temperature ${temperature}`,
    ...(topK === undefined ? [] : [`top-k ${topK}`]),
    ...(topP === undefined ? [] : [`top-p ${topP}`]),
    `at most ${maxTokens} tokens`,
  ];
  return [candidate, how.join(", "), ...(lora === undefined ? [] : [`LoRA ${lora}`])].join(" · ");
}

function entryLines(entry: TraceEntry, number: string, time: string, prompts: boolean): readonly string[] {
  if (entry.kind === "retrieval") {
    const found = entry.paragraphs.map(paragraphText);
    return [`${number} search ${JSON.stringify(entry.query)}${time}`, ...block("found", found.join("\n") || "nothing")];
  }
  if (entry.kind === "failed-retrieval") {
    return [
      `${number} search ${JSON.stringify(entry.query)}${time} · FAILED`,
      ...block("error", entry.failure.message),
    ];
  }
  const title = `${number} ${entry.role} · ${entry.purpose} · ${entry.candidate}`;
  const prompt = prompts ? block("prompt", promptText(entry.prompt)) : [];
  if (entry.kind === "failed-call")
    return [`${title}${time} · FAILED`, ...prompt, ...block("error", entry.failure.message)];
  const sizes = `${entry.promptTokens.length} + ${entry.tokens.length} tokens`;
  const surprise = entry.logProbs === undefined ? "" : ` · log P ${sum(entry.logProbs.full).toFixed(2)}`;
  const cut = entry.finishReason === "length" ? " · cut at its limit" : "";
  return [`${title} · ${sizes}${surprise}${time}${cut}`, ...prompt, ...block("reply", entry.text)];
}

function endLines(end: EpisodeEnd): readonly string[] {
  if (end.status === "failed") return [`FAILED    ${end.failure.code}: ${end.failure.message}`];
  if (end.status === "ok") return [`answer    ${JSON.stringify(end.answer)}`];
  const why = end.reason === "budget" ? "the search budget was spent" : "the last reply could not be read";
  return [`no answer: ${why}`];
}

function block(label: string, text: string): readonly string[] {
  return text.split("\n").map((line, index) => `    ${(index === 0 ? label : "").padEnd(6)} | ${line}`.trimEnd());
}

function paragraphText({ title, text }: Paragraph): string {
  return title === undefined ? text : `${title}: ${text}`;
}

function promptText(prompt: Prompt): string {
  if ("text" in prompt) return prompt.text;
  if ("tokens" in prompt) return `${prompt.tokens.length} tokens`;
  return prompt.messages.map(({ role, content }) => (role === "user" ? content : `(${role}) ${content}`)).join("\n");
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Control characters as their pictures; line feeds and tabs are laid out before. */
function printable(line: string): string {
  return [...line.replaceAll("\t", "  ")]
    .map((character) => {
      const code = character.codePointAt(0) as number;
      if (code < 0x20 || (code >= 0x7f && code < 0xa0))
        return code < 0x20 ? String.fromCodePoint(0x2400 + code) : "\ufffd";
      return character;
    })
    .join("");
}

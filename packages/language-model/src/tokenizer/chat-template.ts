import { type ChatMessage, DataError, HapsError, quoteValue } from "@haps/spec";
import { formatDate, parseDay } from "./format-date.ts";
import { Environment, Interpreter, parse, type TemplateProgram, tokenize } from "./hugging-face-modules.ts";
import type { ChatOptions } from "./text-tokenizer.ts";

const DEFAULT_DATE = "2024-07-26";
const ROLES = ["system", "user", "assistant"];
/** As in Jinja's sandbox: templates come from strangers. */
const MAX_RANGE = 100_000;

/** Writes a conversation by one template. */
export type RenderChat = (messages: readonly ChatMessage[], options?: ChatOptions) => string;

/** Where a template came from. */
export interface ChatTemplateSource {
  readonly text: string;
  readonly file: string;
}

/** What a template says of messages that it refuses. */
class Refusal extends Error {}

/**
 * Makes the writer of conversations of a tokenizer.
 *
 * Templates see what Hugging Face transformers lets them see, except for today: `date_string` and `strftime_now` speak of a fixed day.
 * A template is parsed when it is first used, so that a broken one breaks nothing else.
 *
 * @param special - Special tokens by their names in templates, e.g. `bos_token`.
 */
export function createChatRenderer(
  templates: ReadonlyMap<string, ChatTemplateSource>,
  special: Readonly<Record<string, string>>,
): RenderChat {
  const programs = new Map<string, TemplateProgram>();
  return (messages, options = {}) => {
    const { addGenerationPrompt = true, date = DEFAULT_DATE, template: name = "default", variables = {} } = options;
    checkMessages(messages);
    const day = parseDay(date);
    const source = findTemplate(templates, name);
    const program = programs.get(name) ?? parseTemplate(source);
    programs.set(name, program);
    const values: Readonly<Record<string, unknown>> = {
      ...globals(day),
      ...special,
      tools: null,
      documents: null,
      date_string: formatDate(day, "%d %b %Y"),
      ...variables,
      messages: messages.map(({ role, content }) => ({ role, content })),
      add_generation_prompt: addGenerationPrompt,
    };
    return renderTemplate(program, source, values);
  };
}

function globals(day: Date): Record<string, unknown> {
  return {
    true: true,
    True: true,
    false: false,
    False: false,
    none: null,
    None: null,
    raise_exception: (message: unknown) => {
      throw new Refusal(String(message));
    },
    range,
    strftime_now: (format: unknown) => formatDate(day, String(format)),
  };
}

/** Python's `range`. */
function range(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const count = Math.max(0, Math.ceil((stop - start) / step));
  // False for NaN too.
  if (!(count <= MAX_RANGE)) throw new Error(`range: ${count} numbers are too many, or the step is 0`);
  return Array.from({ length: count }, (_, index) => start + index * step);
}

function checkMessages(messages: readonly ChatMessage[]): void {
  if (messages.length === 0) {
    throw new HapsError("data", "renderChat: there are no messages; give at least one");
  }
  messages.forEach(({ role, content }: { role: unknown; content: unknown }, index) => {
    if (!ROLES.includes(role as string)) {
      throw new HapsError(
        "data",
        `renderChat: message ${index} has the role ${quoteValue(role)}; use one of ${ROLES.join(", ")}`,
        { index, role },
      );
    }
    if (typeof content === "string") return;
    throw new HapsError("data", `renderChat: the content of message ${index} is ${quoteValue(content)}; give a text`, {
      index,
    });
  });
}

function findTemplate(templates: ReadonlyMap<string, ChatTemplateSource>, name: string): ChatTemplateSource {
  const source = templates.get(name);
  if (source !== undefined) return source;
  const names = [...templates.keys()];
  throw new HapsError(
    "state",
    names.length === 0
      ? "renderChat: the tokenizer has no chat template, as is usual for models that were not trained on conversations; give a text in place of messages, or a chatTemplate to the tokenizer"
      : `renderChat: the tokenizer has no chat template ${quoteValue(name)}; use one of ${names.join(", ")}`,
    { name, names },
  );
}

function parseTemplate({ text, file }: ChatTemplateSource): TemplateProgram {
  try {
    return parse(tokenize(text, { lstrip_blocks: true, trim_blocks: true }));
  } catch (error) {
    throw new DataError(
      { file },
      `the chat template has a mistake in its syntax: ${messageOf(error)}`,
      "correct the template, or give another as chatTemplate",
      { cause: error },
    );
  }
}

function renderTemplate(
  program: TemplateProgram,
  { file }: ChatTemplateSource,
  values: Readonly<Record<string, unknown>>,
): string {
  try {
    const environment = new Environment();
    for (const [name, value] of Object.entries(values)) environment.set(name, value);
    return String(new Interpreter(environment).run(program).value);
  } catch (error) {
    if (error instanceof Refusal) {
      throw new HapsError(
        "data",
        `renderChat: the chat template refuses these messages: ${error.message}; change their roles or their order`,
        { reason: error.message },
      );
    }
    throw new DataError(
      { file },
      `the chat template failed: ${messageOf(error)}`,
      "correct the template, give what it needs as variables, or give another as chatTemplate",
      { cause: error },
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

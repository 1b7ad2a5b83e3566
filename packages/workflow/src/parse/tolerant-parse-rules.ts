import type { ActReply, ParseRules, StudentMove } from "./parse-rules.ts";

/** A label with the marks of emphasis, headings and quotes around it: `**Action:**`, `## Action :`. */
const MARKED_LABEL = /(?:[*`#>]+[ \t]*)?(?<![\p{L}\p{N}_])(thought|action|summary)[*`]*[ \t]*[:：][*`]*/giu;
const ACTION = /(?<![\p{L}\p{N}_])action:\s*/giu;
const THOUGHT = /(?<![\p{L}\p{N}_])thought:\s*/iu;
const SUMMARY_AT_LINE = /^[ \t]*summary:\s*/imu;
const SUMMARY = /(?<![\p{L}\p{N}_])summary:\s*/iu;
/** Labels of the prompts themselves: where one of them starts a line, a summary is over. */
const NEXT_LABEL = /^[ \t]*(?:thought|action|question|observation|context|budget)[ \t]*:/imu;
const MOVE = /^[*`"'\s]*(search|finish)[*`]*[ \t]*(?=[[(:：])/iu;
const VERDICT = /^[*`"'\s]*[[(]?\s*(?:continue|rethink)(?![\p{L}\p{N}_])\s*[\])]?/iu;
const MOVE_ANYWHERE = /(?<![\p{L}\p{N}_])(?:search|finish)\s*\[/iu;
const VERDICT_ANYWHERE = /\[\s*(?:continue|rethink)\s*\]/iu;
const CLOSING: Readonly<Record<string, string>> = { "[": "]", "(": ")" };
/** Marks around the whole argument; in `"A" and "B"` they belong to parts of it. */
const WRAPPING = /^(["'`*]+)((?:(?!\1)[\s\S])*)\1$/u;

/** What stands where an action is expected: its text as written, and what it means. */
interface FoundAction {
  readonly text: string;
  readonly move: StudentMove;
}

/**
 * Reads replies with the habits that language models have. The default.
 *
 * - Labels may be emphasised and need not start a line. The action is the first `Action:` of a line that a known action follows, else the
 *   first such one anywhere, so that a thought about actions is not taken for one. Else `Search[…]`, `Finish[…]`, `[Continue]` and
 *   `[Rethink]` are found behind the label, and wherever they stand in a reply without one.
 * - Actions are read in any case, as `Finish[Paris]`, `Finish(Paris)`, `Finish: Paris` or, cut off, `Finish[Paris`; brackets inside
 *   an argument belong to it; blanks, quotes and emphasis around it do not.
 * - A teacher without a verdict still gives advice: its whole reply.
 * - A summary goes on until a label of the prompts; a reply without a label is a summary as a whole.
 */
export const tolerantParseRules: ParseRules = {
  id: "tolerant",
  student(reply) {
    const text = plainLabels(reply);
    const found = findAction(text, readMove, MOVE_ANYWHERE);
    if (found === null) return { thought: thoughtOf(text), action: null, move: { kind: "unparsable" } };
    return { thought: found.thought, action: found.action.text, move: found.action.move };
  },
  teacher(reply): ActReply {
    const text = plainLabels(reply);
    const found = findAction(text, readVerdict, VERDICT_ANYWHERE);
    if (found === null) return { thought: thoughtOf(text), action: null };
    return { thought: found.thought, action: found.action.text };
  },
  summary(reply) {
    const text = plainLabels(reply);
    const label = SUMMARY_AT_LINE.exec(text) ?? SUMMARY.exec(text);
    const body = label === null ? text : text.slice(label.index + label[0].length);
    const next = label === null ? null : NEXT_LABEL.exec(body);
    const summary = (next === null ? body : body.slice(0, next.index)).trim();
    return summary === "" ? null : summary;
  },
};

function plainLabels(reply: string): string {
  return reply.replace(MARKED_LABEL, "$1:");
}

function findAction(
  text: string,
  read: (rest: string) => FoundAction | null,
  anywhere: RegExp,
): { readonly thought: string | null; readonly action: FoundAction } | null {
  const labels = [...text.matchAll(ACTION)].map(({ index, 0: label }) => {
    const rest = text.slice(index + label.length);
    const startsLine = text.slice(text.lastIndexOf("\n", index - 1) + 1, index).trim() === "";
    return { index, startsLine, rest, action: read(rest) };
  });
  const known = labels.filter(({ action }) => action !== null);
  const label = known.find(({ startsLine }) => startsLine) ?? known[0];
  if (label?.action != null) return { thought: thoughtOf(text, label.index), action: label.action };
  // Behind words of its own: in the first labelled action, or anywhere in a reply without one.
  const unknown = labels.find(({ startsLine }) => startsLine) ?? labels[0];
  const scope = unknown?.rest ?? text;
  const bare = anywhere.exec(scope);
  const action = bare === null ? null : read(scope.slice(bare.index));
  if (bare !== null && action !== null) return { thought: thoughtOf(text, unknown?.index ?? bare.index), action };
  const written = unknown === undefined ? "" : firstLine(unknown.rest);
  if (unknown === undefined || written === "") return null;
  return { thought: thoughtOf(text, unknown.index), action: { text: written, move: { kind: "unparsable" } } };
}

/** The thought before the action, or behind it where the reply is the wrong way round. */
function thoughtOf(text: string, end: number = text.length): string | null {
  const before = text.slice(0, end);
  const label = THOUGHT.exec(before);
  const thought = (label === null ? before : before.slice(label.index + label[0].length)).trim();
  if (thought !== "") return thought;
  const later = THOUGHT.exec(text.slice(end));
  const behind = later === null ? "" : text.slice(end + later.index + later[0].length).trim();
  return behind === "" ? null : behind;
}

function readMove(rest: string): FoundAction | null {
  const head = MOVE.exec(rest);
  const line = firstLine(rest.trimStart());
  if (head === null) return null;
  const start = head[0].trimStart().length;
  const open = line.charAt(start);
  const end = closingAt(line, start);
  const argument = unwrap(line.slice(start + 1, end ?? line.length));
  const text = (end === null ? line : line.slice(0, end + 1)).replace(/^[*`"'\s]+/u, "");
  if (argument === "" && open !== "[") return null;
  const isSearch = head[1]?.toLowerCase() === "search";
  return { text, move: isSearch ? { kind: "search", query: argument } : { kind: "finish", answer: argument } };
}

function readVerdict(rest: string): FoundAction | null {
  const verdict = VERDICT.exec(rest);
  return verdict === null ? null : { text: verdict[0].replace(/^[*`"'\s]+/u, "").trim(), move: { kind: "unparsable" } };
}

/** Where the bracket that opens at `start` closes, or `null`: the argument then takes the rest of the line. */
function closingAt(line: string, start: number): number | null {
  const open = line.charAt(start);
  const close = CLOSING[open];
  if (close === undefined) return null;
  let depth = 0;
  for (let index = start; index < line.length; index += 1) {
    const character = line.charAt(index);
    if (character === open) depth += 1;
    if (character === close) depth -= 1;
    if (depth === 0) return index;
  }
  return null;
}

function unwrap(argument: string): string {
  const trimmed = argument.trim();
  return (WRAPPING.exec(trimmed)?.[2] ?? trimmed).trim();
}

function firstLine(text: string): string {
  return (text.split("\n", 1)[0] ?? "").trim();
}

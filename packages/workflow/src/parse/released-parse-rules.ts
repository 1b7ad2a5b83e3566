import type { ActReply, ParseRules, StudentMove, StudentReply } from "./parse-rules.ts";

// Python's classes, which are not those of JavaScript: what `\s` and `strip` take for space, and `\w` with letters of all scripts.
const SPACE = "[\\t-\\r\\u001c-\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const WORD = "[\\p{L}\\p{N}_]";
/** `\Z`: the end of the text. */
const END = "(?![\\s\\S])";
/** `^` of Python's multiline mode, which only a line feed starts. */
const LINE = "(?<![^\\n])";
/** Without case, Python takes both dotted and dotless i for the same letter. */
const ACTION = "Act[iİı]on:";

const THOUGHT_PART = new RegExp(`(?<!${WORD})Thought:${SPACE}*(.*?)(?=\\n${SPACE}*${ACTION}|${END})`, "isu");
const ACTION_PART = new RegExp(`(?<!${WORD})${ACTION}${SPACE}*(.*)`, "isu");
const SUMMARY_PART = new RegExp(
  `${LINE}${SPACE}*Summary${SPACE}*:${SPACE}*(.*?)(?=${LINE}${SPACE}*${WORD}+${SPACE}*:|${END})`,
  "isu",
);
const OUTER_SPACE = new RegExp(`^${SPACE}+|${SPACE}+$`, "gu");

/**
 * Reads replies as the authors' code does, bug for bit; for comparisons.
 *
 * - The thought follows the first `Thought:` up to a line that begins with `Action:`; the action is everything after the first
 *   `Action:`, wherever that stands, cut behind its first `]`. Either missing: both are.
 * - A student's action must begin with `Search` or `Finish`, upper and lower case as here; its argument is the action without its first
 *   seven characters and its last one, whatever they are: `Finish: Paris` answers ` Pari`.
 * - A summary follows a line's `Summary:` and ends before any line that begins with one word and a colon.
 *
 * Source: the authors' code as published (arXiv 2601.05903), parsing of both agents. Lengths count code points, as in Python.
 */
export const releasedParseRules: ParseRules = {
  id: "released",
  student(reply): StudentReply {
    const { thought, action } = actOf(reply);
    return { thought, action, move: action === null ? { kind: "unparsable" } : moveOf(action) };
  },
  teacher: actOf,
  summary(reply) {
    const [, summary] = SUMMARY_PART.exec(reply) ?? [];
    return summary === undefined ? null : strip(summary);
  },
};

function actOf(reply: string): ActReply {
  const [, thought] = THOUGHT_PART.exec(reply) ?? [];
  const [, rest] = ACTION_PART.exec(reply) ?? [];
  if (thought === undefined || rest === undefined) return { thought: null, action: null };
  const action = strip(rest);
  const end = action.indexOf("]");
  return { thought: strip(thought), action: end < 0 ? action : action.slice(0, end + 1) };
}

function moveOf(action: string): StudentMove {
  const argument = [...action].slice(7, -1).join("");
  if (action.startsWith("Search")) return { kind: "search", query: argument };
  if (action.startsWith("Finish")) return { kind: "finish", answer: argument };
  return { kind: "unparsable" };
}

function strip(text: string): string {
  return text.replace(OUTER_SPACE, "");
}

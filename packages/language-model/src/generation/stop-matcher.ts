import { HapsError } from "@haps/spec";

/** What one more piece of text showed. */
export interface StopMatch {
  /** Text that is no part of a stop text, in order; what may be the beginning of one is held back. */
  readonly text: string;
  /** The stop text that has come; nothing after it counts. */
  readonly stop?: string;
}

/** Looks for stop texts in text that comes in pieces. */
export interface StopMatcher {
  /** Takes the next piece in; after a stop text has come, it is ignored. */
  push(text: string): StopMatch;
  /** What was held back, when no more text comes; empty after a stop text. The matcher begins anew. */
  finish(): string;
}

/**
 * Makes a matcher of stop texts.
 *
 * The stop text that is complete first ends the text, and of several that are complete at once the longest. So the result is the one
 * that looking after each character would give, whatever the pieces are, and nothing beyond the end needs to be generated.
 *
 * Time per character is constant for each stop text (Knuth, Morris and Pratt 1977).
 *
 * @param stops - None, or texts that are not empty; otherwise code `config`.
 *
 * @example
 * ```ts
 * const matcher = createStopMatcher(["\nQuestion:"]);
 * console.assert(matcher.push("Paris\nQue").text === "Paris");
 * const { text, stop } = matcher.push("stion: Where");
 * console.assert(text === "" && stop === "\nQuestion:");
 * ```
 */
export function createStopMatcher(stops: readonly string[]): StopMatcher {
  const patterns = stops.map((stop, index) => ({ stop, failure: failureOf(stop, index) }));
  let matched = patterns.map(() => 0);
  let held = "";
  let stopped = false;

  /** One UTF-16 unit; the longest stop text that it completes. */
  const step = (unit: string): string | undefined => {
    let complete: string | undefined;
    patterns.forEach(({ stop, failure }, index) => {
      let length = matched[index] as number;
      while (length > 0 && stop[length] !== unit) length = failure[length] as number;
      if (stop[length] === unit) length += 1;
      matched[index] = length;
      if (length === stop.length && length > (complete ?? "").length) complete = stop;
    });
    return complete;
  };

  return {
    push(text) {
      if (stopped) return { text: "" };
      const seen = held + text;
      for (let index = held.length; index < seen.length; index += 1) {
        const stop = step(seen[index] as string);
        if (stop === undefined) continue;
        stopped = true;
        held = "";
        return { text: seen.slice(0, index + 1 - stop.length), stop };
      }
      const free = seen.length - Math.max(0, ...matched);
      held = seen.slice(free);
      return { text: seen.slice(0, free) };
    },
    finish() {
      const rest = held;
      held = "";
      stopped = false;
      matched = patterns.map(() => 0);
      return rest;
    },
  };
}

/** For each length of a matched beginning, the length of the longest shorter beginning that it ends with. */
function failureOf(stop: string, index: number): number[] {
  if (stop === "") {
    throw new HapsError(
      "config",
      `createStopMatcher: stop text ${index} is empty and would stop at once; leave it out`,
      {
        index,
      },
    );
  }
  const failure = [0, 0];
  for (let length = 1; length < stop.length; length += 1) {
    let shorter = failure[length] as number;
    while (shorter > 0 && stop[shorter] !== stop[length]) shorter = failure[shorter] as number;
    failure.push(stop[shorter] === stop[length] ? shorter + 1 : 0);
  }
  return failure;
}

import { type AssignmentTokens, assignmentText, encodeAssignments, encodePrompt } from "@haps/language-model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assignmentSequence, checkAssignmentTokens } from "../../src/backbone/assignment-tokens.ts"; // internal
import { allAssignments } from "./assignment-oracle.ts";

const letters = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

/** Longest match first, over pieces as byte-pair encoders have them: numbers up to 99 and marks with a space are one token. */
const PIECES = ['{"', '": ', ',"', "}", ...Array.from({ length: 100 }, (_, id) => String(99 - id))];
const pieces = (text: string): number[] => {
  if (text === "") return [];
  const found = PIECES.findIndex((piece) => text.startsWith(piece));
  if (found < 0) return [1000 + text.charCodeAt(0), ...pieces(text.slice(1))];
  return [found, ...pieces(text.slice((PIECES[found] as string).length))];
};

describe("assignmentText", () => {
  it("is the compact JSON of the released warm-up data", () => {
    expect(assignmentText(["teacher", "student"], [0, 1])).toBe('{"teacher": 0,"student": 1}');
    expect(assignmentText(['the "one"'], [12])).toBe('{"the \\"one\\"": 12}');
  });
});

describe("encodeAssignments", () => {
  it("keeps N * K pieces that make up what the tokenizer makes of each whole text", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(letters, pieces),
        fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,4}$/), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 13 }),
        fc.option(fc.constant(7), { nil: undefined }),
        (encode, roles, candidates, endToken) => {
          const end = endToken === undefined ? {} : { endToken };
          const tokens = encodeAssignments({ roles, candidates, encode, ...end });
          expect(tokens.roles.map(({ options }) => options.length)).toEqual(roles.map(() => candidates));
          for (const assignment of allAssignments(roles.length, candidates)) {
            expect(assignmentSequence(tokens, assignment)).toEqual([
              ...encode(assignmentText(roles, assignment)),
              ...(endToken === undefined ? [] : [endToken]),
            ]);
          }
        },
      ),
      { seed: 11, numRuns: 60 },
    );
  });

  it("takes ids with what ends them where 1 would begin 10", () => {
    const options = { roles: ["teacher", "student"], encode: letters, endToken: 0 };
    const many = encodeAssignments({ ...options, candidates: 12 });
    expect(many.roles[0]?.options[1]).toEqual(letters("1,"));
    expect(many.roles[0]?.options[10]).toEqual(letters("10,"));
    expect(many.roles[1]?.options[11]).toEqual(letters("11}"));
    expect(many.end).toEqual([0]);
    const few = encodeAssignments({ ...options, candidates: 10 });
    expect(few.roles[1]?.options[9]).toEqual(letters("9"));
    expect(few.end).toEqual([...letters("}"), 0]);
    expect(encodeAssignments({ ...options, candidates: 12, encode: pieces }).roles[0]?.options[10]).toEqual(
      pieces("10"),
    );
  });

  it("takes tokens that an id shares with its neighbours as the id's", () => {
    const merged = (text: string): number[] =>
      [...text.matchAll(/: \d+|./g)].map(([piece]) =>
        piece.length === 1 ? piece.charCodeAt(0) : 1000 + Number(piece.slice(2)),
      );
    const { roles } = encodeAssignments({ roles: ["a", "b"], candidates: 3, encode: merged });
    expect(roles[1]?.options).toEqual([0, 1, 2].map((id) => [1000 + id]));
  });

  it("refuses ids of which one begins another where nothing ends them", () => {
    expect(() =>
      encodeAssignments({ roles: ["a"], candidates: 11, encode: letters, write: ([id]) => `choice ${id}` }),
    ).toThrow(
      expect.objectContaining({
        code: "config",
        message: expect.stringContaining("begin with those of candidate 1") as unknown,
      }),
    );
    const { roles } = encodeAssignments({
      roles: ["a"],
      candidates: 11,
      encode: letters,
      endToken: 0,
      write: ([id]) => `choice ${id}`,
    });
    expect(roles[0]?.options[10]).toEqual([...letters("10"), 0]);
  });

  it("refuses texts of which the tokens of one role depend on another", () => {
    const pairs = (text: string): number[] => [...text.matchAll(/\d\d|./g)].map(([piece]) => Number(`1${piece}`));
    expect(() =>
      encodeAssignments({ roles: ["a", "b"], candidates: 3, encode: pairs, write: (ids) => ids.join("") }),
    ).toThrow(expect.objectContaining({ code: "config" }));
  });

  it.each([
    [[], 2],
    [["a"], 0],
    [["a"], 1.5],
  ])("refuses roles %j with %d candidates", (roles, candidates) => {
    expect(() => encodeAssignments({ roles, candidates, encode: letters })).toThrow(
      expect.objectContaining({ code: "config" }),
    );
  });
});

describe("checkAssignmentTokens", () => {
  it.each<[string, AssignmentTokens["roles"], string]>([
    [
      "different numbers of candidates",
      [
        { lead: [], options: [[1], [2]] },
        { lead: [], options: [[1]] },
      ],
      "role 1 has 1 options",
    ],
    ["an empty option", [{ lead: [], options: [[], [2]] }], "none to begin with another"],
    ["equal options", [{ lead: [], options: [[1], [1]] }], "none to begin with another"],
    ["tokens outside the vocabulary", [{ lead: [9], options: [[1], [2]] }], "token 9 is outside"],
    ["characters that an encoder did not find", [{ lead: [-1], options: [[1], [2]] }], "token -1 is no token"],
    ["broken tokens", [{ lead: [], options: [[1], [0.5]] }], "token 0.5 is no token"],
  ])("refuses %s", (_, roles, message) => {
    expect(() => {
      checkAssignmentTokens({ roles, end: [] }, 9);
    }).toThrow(expect.objectContaining({ code: "config", message: expect.stringContaining(message) as unknown }));
  });
});

describe("encodePrompt", () => {
  const text = fc.stringMatching(/^[a-c0-9{}":, ]{0,8}$/);

  it("finds the tokens of the question, and at most those it shares", () => {
    fc.assert(
      fc.property(text, fc.stringMatching(/^[x-z]{1,6}$/), text, (before, question, after) => {
        const prompt = encodePrompt({ before, question, after, encode: pieces });
        expect(prompt.tokens).toEqual(pieces(before + question + after));
        // No piece joins these letters with others, so that the span is exact.
        expect(prompt.question).toEqual({
          start: pieces(before).length,
          end: pieces(before).length + pieces(question).length,
        });
      }),
      { seed: 13 },
    );
  });

  it("counts a token that crosses the border as the question's", () => {
    const words = (all: string): number[] =>
      [...all.matchAll(/ ?\w+|./g)].map(([word]) => letters(word).reduce((sum, code) => 31 * sum + code, 0));
    const { tokens, question } = encodePrompt({ before: "ask: ", question: "who did", after: "nt it", encode: words });
    expect(tokens).toHaveLength(5); // "ask", ":", " who", " didnt", " it"
    expect(question).toEqual({ start: 2, end: 4 });
  });

  it("lets a begin token stand outside", () => {
    const encode = (all: string): number[] => [1, ...letters(all)];
    expect(encodePrompt({ before: "", question: "ab", after: "", encode }).question).toEqual({ start: 1, end: 3 });
    expect(encodePrompt({ before: "x", question: "ab", after: "c", encode }).question).toEqual({ start: 2, end: 4 });
  });

  it("refuses a question that is empty", () => {
    expect(() => encodePrompt({ before: "a", question: "", after: "b", encode: letters })).toThrow(
      expect.objectContaining({ code: "data" }),
    );
  });
});

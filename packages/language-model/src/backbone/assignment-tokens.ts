import { HapsError } from "@haps/spec";
import { allAssignments } from "@haps/tensor";
import { commonStart } from "./encode-prompt.ts";

/** What stands for one role in an assignment's text. */
export interface RoleTokens {
  /** Constant tokens before it; may be empty. */
  readonly lead: readonly number[];
  /** Per candidate its id; with the token that ends it where an id would begin with another: no option begins with another. */
  readonly options: readonly (readonly number[])[];
}

/** Assignments as token sequences: for every role its lead and the option of the chosen candidate, then the end. */
export interface AssignmentTokens {
  readonly roles: readonly RoleTokens[];
  /**
   * Constant tokens after the last role, the model's end token last. May be emptied: `joint` then scores all texts that begin with an
   * assignment as one, with fewer rows.
   */
  readonly end: readonly number[];
}

/** What {@link encodeAssignments} needs. */
export interface EncodeAssignmentsOptions {
  /** Ids of the roles, in the order of assignments. */
  readonly roles: readonly string[];
  /** How many candidates the routing prompt numbers from 0. */
  readonly candidates: number;
  /** Text to token ids, without special tokens. */
  readonly encode: (text: string) => readonly number[];
  /** Ends a reply. Default none. */
  readonly endToken?: number;
  /** Writes an assignment; default {@link assignmentText}. With a single candidate it is asked for number 1, too. */
  readonly write?: (assignment: readonly number[]) => string;
}

/** Most whole assignments whose tokens are compared one by one. */
const COMPARED = 256;

/**
 * The text of an assignment, as the released warm-up data has it: `{"teacher": 0,"student": 1}`.
 *
 * @example
 * ```ts
 * console.assert(assignmentText(["teacher", "student"], [0, 1]) === '{"teacher": 0,"student": 1}');
 * ```
 */
export function assignmentText(roles: readonly string[], assignment: readonly number[]): string {
  return `{${roles.map((role, index) => `${JSON.stringify(role)}: ${assignment[index]}`).join(",")}}`;
}

/**
 * Makes tokens of assignments and finds where roles differ, so that K ** N texts are kept as N * K pieces.
 *
 * Whole texts are encoded, so that the pieces are what the tokenizer makes of them. Where the tokens of "10" begin with those of "1",
 * ids are taken with the token that ends them.
 *
 * @throws HapsError code `config` when the tokens of one role depend on the choice for another, or one text of a role begins with another.
 *
 * @example
 * ```ts
 * const encode = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
 * const { roles } = encodeAssignments({ roles: ["teacher", "student"], candidates: 11, encode });
 * console.assert(roles[1]?.options[10]?.length === 3); // 1, 0 and the brace
 * ```
 */
export function encodeAssignments(options: EncodeAssignmentsOptions): AssignmentTokens {
  const { roles, candidates, encode, endToken } = options;
  const write = options.write ?? ((assignment) => assignmentText(roles, assignment));
  checkCounts(roles.length, candidates);
  const tokensOf = (assignment: readonly number[]): readonly number[] => [
    ...encode(write(assignment)),
    ...(endToken === undefined ? [] : [endToken]),
  ];
  const first = new Array<number>(roles.length).fill(0);
  const base = tokensOf(first);
  const pieces = roles.map((_, role) =>
    differingPiece(
      base,
      Array.from({ length: Math.max(candidates, 2) }, (_unused, candidate) =>
        candidate === 0 ? base : tokensOf(first.with(role, candidate)),
      ),
    ),
  );
  let done = 0;
  const split = pieces.map(({ start, end, texts }, role): RoleTokens => {
    const options = texts.slice(0, candidates);
    const next = pieces[role + 1]?.start ?? base.length;
    const ending = beginsAnother(options) === undefined ? [] : base.slice(end, Math.min(end + 1, next));
    const lead = base.slice(done, start);
    done = end + ending.length;
    return { lead, options: options.map((option) => [...option, ...ending]) };
  });
  const tokens: AssignmentTokens = { roles: split, end: base.slice(done) };
  checkAssignmentTokens(tokens);
  checkWhole(tokens, tokensOf);
  return tokens;
}

/** All tokens of one assignment. */
export function assignmentSequence({ roles, end }: AssignmentTokens, assignment: readonly number[]): readonly number[] {
  const parts = roles.map(({ lead, options }, role) => [
    ...lead,
    ...(options[assignment[role] as number] as readonly number[]),
  ]);
  return [...parts.flat(), ...end];
}

/**
 * Checks that assignments can be told apart, role by role.
 *
 * @throws HapsError code `config` for no roles, roles of different numbers of candidates, an option that another begins with,
 *   or a token outside the vocabulary.
 */
export function checkAssignmentTokens({ roles, end }: AssignmentTokens, vocabulary = Number.MAX_SAFE_INTEGER): void {
  const candidates = roles[0]?.options.length ?? 0;
  checkCounts(roles.length, candidates);
  const foreign = [...roles.flatMap(({ lead, options }) => [...lead, ...options.flat()]), ...end].find(
    (token) => !(Number.isSafeInteger(token) && token >= 0 && token < vocabulary),
  );
  if (foreign !== undefined) {
    const wrong =
      Number.isSafeInteger(foreign) && foreign >= vocabulary
        ? `is outside the vocabulary of ${vocabulary}`
        : "is no token; expected whole numbers from 0";
    throw new HapsError(
      "config",
      `AssignmentTokens: token ${foreign} ${wrong}; encode by the model's own tokenizer, with text that it knows`,
      { token: foreign, vocabulary },
    );
  }
  roles.forEach(({ options }, role) => {
    if (options.length !== candidates) {
      throw new HapsError(
        "config",
        `AssignmentTokens: role ${role} has ${options.length} options; expected ${candidates}, as role 0 has; number the same candidates in every role`,
        { role, options: options.length, candidates },
      );
    }
    const found = beginsAnother(options);
    if (found === undefined) return;
    const [candidate, other] = found;
    throw new HapsError(
      "config",
      `AssignmentTokens: in role ${role} the tokens of candidate ${other} [${options[other]?.join()}] begin with those of candidate ${candidate} [${options[candidate]?.join()}]; expected none to begin with another; end ids by a text, as the brace or comma of JSON`,
      { role, candidate, other },
    );
  });
}

/** Two options of which the second begins with the first. */
function beginsAnother(options: RoleTokens["options"]): readonly [number, number] | undefined {
  for (const [candidate, option] of options.entries()) {
    const other = options.findIndex(
      (longer, index) => index !== candidate && commonStart(option, longer) === option.length,
    );
    if (other >= 0) return [candidate, other];
  }
  return options.length === 1 && options[0]?.length === 0 ? [0, 0] : undefined;
}

function checkCounts(roles: number, candidates: number): void {
  if (roles >= 1 && Number.isSafeInteger(candidates) && candidates >= 1) return;
  throw new HapsError(
    "config",
    `AssignmentTokens: ${roles} roles and ${candidates} candidates; expected at least one of each; name the task's roles and the pool`,
    { roles, candidates },
  );
}

/** Where the texts of one role differ in the base's tokens, and what each has there. */
function differingPiece(base: readonly number[], texts: readonly (readonly number[])[]) {
  const start = Math.min(...texts.map((text) => commonStart(base, text)));
  const reversed = base.slice(start).toReversed();
  const same = Math.min(...texts.map((text) => commonStart(reversed, text.slice(start).toReversed())));
  return { start, end: base.length - same, texts: texts.map((text) => text.slice(start, text.length - same)) };
}

/** Refuses pieces that do not make up what the tokenizer makes of whole texts: of all, or of each candidate with each neighbour. */
function checkWhole(tokens: AssignmentTokens, tokensOf: (assignment: readonly number[]) => readonly number[]): void {
  const roles = tokens.roles.length;
  const candidates = tokens.roles[0]?.options.length ?? 0;
  const all = candidates ** roles <= COMPARED ? allAssignments(roles, candidates) : neighbours(roles, candidates);
  for (const assignment of all) {
    const got = assignmentSequence(tokens, assignment);
    const expected = tokensOf(assignment);
    if (got.length === expected.length && commonStart(got, expected) === got.length) continue;
    throw new HapsError(
      "config",
      `encodeAssignments: the tokens of assignment [${assignment.join()}] are [${expected.join()}], not [${got.join()}], which the pieces of its roles make; put constant text between the ids`,
      { assignment, expected, got },
    );
  }
}

/** Each pair of candidates side by side in each two roles that follow each other, the rest as the first of them. */
function neighbours(roles: number, candidates: number): number[][] {
  return allAssignments(2, candidates).flatMap(([left = 0, right = 0]) =>
    Array.from({ length: roles }, (_, place) =>
      Array.from({ length: roles }, (_unused, role) => (role === place ? right : left)),
    ),
  );
}

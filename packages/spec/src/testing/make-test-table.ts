import type { Arm } from "../arm.ts";
import { HapsError } from "../errors.ts";
import type { OutcomeTable, TableRow } from "../outcome-table.ts";
import type { Candidate, Pool } from "../pool.ts";
import { ANSWERER, type RoleId } from "../task.ts";

/** Options of {@link makeTestTable}. */
export interface TestTableOptions {
  /** Number of questions, >= 2. Default 40. */
  readonly questions?: number;
  /** Roles of the task; arms are all combinations of their choices. Default `["answerer"]`, 4 arms. */
  readonly roles?: readonly RoleId[];
  /** Whether costs are recorded, in `tokens`. Default true. */
  readonly costs?: boolean;
  /** Every n-th cell was not run, counted along the table. Default 0: all were. At least 2 otherwise. */
  readonly missingEvery?: number;
}

interface Choice {
  readonly candidate: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly cost: number;
  /** Score for a question of the kinds `sum` and `poem`. */
  readonly scores: readonly [sum: number, poem: number];
}

const CHOICES: readonly Choice[] = [
  { candidate: "small", settings: { prompt: "plain" }, cost: 1, scores: [0.5, 0.2] },
  { candidate: "small", settings: { prompt: "steps" }, cost: 3, scores: [0.9, 0.1] },
  { candidate: "medium", settings: {}, cost: 5, scores: [0.5, 0.6] },
  { candidate: "large", settings: {}, cost: 20, scores: [0.4, 0.9] },
];

const CANDIDATES: readonly Candidate[] = [
  {
    id: "small",
    weights: "open",
    parameters: { settings: { prompt: { kind: "categorical", values: ["plain", "steps"] } } },
  },
  { id: "medium", weights: "open", parameters: {} },
  { id: "large", weights: "closed", parameters: {} },
];

/**
 * Makes a small table of outcomes with a rule that routers can find: sums are best answered by `small` with prompt `steps`,
 * poems by `large`.
 *
 * Odd rows ask for a sum, even ones for a poem; scores lie within 0.1 of the rule's, without chance: the same options give the
 * same table. Labels hold `task` (`sum` or `poem`) and `gold`. Every text is a group of its own.
 *
 * @throws HapsError code `config` for fewer than 2 questions, no role, or `missingEvery` 1.
 *
 * @example
 * ```ts
 * const table = makeTestTable({ questions: 6 });
 * console.assert(table.rows.length === 6 && table.arms.length === 4);
 * ```
 */
export function makeTestTable(options: TestTableOptions = {}): OutcomeTable {
  const { questions = 40, roles = [ANSWERER], costs = true, missingEvery = 0 } = options;
  if (!Number.isSafeInteger(questions) || questions < 2 || roles.length === 0 || missingEvery === 1) {
    throw new HapsError(
      "config",
      `makeTestTable: got ${questions} questions, ${roles.length} roles, missingEvery ${missingEvery}; expected at least 2 questions, 1 role, and missingEvery 0 or at least 2`,
      { questions, roles, missingEvery },
    );
  }
  const combinations = combine(roles.length);
  const rows = Array.from({ length: questions }, (_, index) => makeRow(index));
  const size = questions * combinations.length;
  const score = new Float64Array(size).fill(Number.NaN);
  const cost = new Float64Array(size).fill(Number.NaN);
  const samples = new Float64Array(size);
  for (let cell = 0; cell < size; cell += 1) {
    if (missingEvery > 0 && (cell + 1) % missingEvery === 0) continue;
    const row = Math.floor(cell / combinations.length);
    const choices = combinations[cell % combinations.length] as readonly Choice[];
    const rule = choices.reduce((sum, choice) => sum + choice.scores[kindOf(row)], 0) / choices.length;
    score[cell] = Math.min(1, Math.max(0, rule + wobble(cell)));
    cost[cell] = choices.reduce((sum, choice) => sum + choice.cost, 0) + (row % 3) / 10;
    samples[cell] = 1;
  }
  return {
    id: "test-table",
    task: {
      id: "test",
      description: "Answers sums and writes poems.",
      roles: roles.map((id) => ({ id, description: `The ${id}.` })),
    },
    pool: testPool(),
    rows,
    arms: combinations.map((choices) => toArm(roles, choices)),
    score,
    ...(costs ? { cost, costUnit: "tokens" } : {}),
    samples,
    hash: `test-table-${questions}-${roles.join("+")}-${costs}-${missingEvery}`,
    warnings: [],
  };
}

function testPool(): Pool {
  return { candidates: CANDIDATES };
}

function kindOf(row: number): 0 | 1 {
  return row % 2 === 1 ? 0 : 1;
}

function makeRow(index: number): TableRow {
  const a = 10 + ((index * 37) % 89);
  const b = 10 + ((index * 53) % 83);
  const isSum = kindOf(index) === 0;
  const text = isSum
    ? `What is ${a} plus ${b}? Give the sum as a number. (${index})`
    : `Write a poem about the sea in verse ${a} of ${b}, with rhymes. (${index})`;
  return {
    question: { id: `q${String(index).padStart(4, "0")}`, text },
    group: `group-${index}`,
    labels: { task: isSum ? "sum" : "poem", gold: isSum ? String(a + b) : "a poem" },
  };
}

/** Between -0.1 and 0.1 in no simple pattern. */
function wobble(cell: number): number {
  return (((cell + 1) * 0.6180339887498949) % 1) * 0.2 - 0.1;
}

/** Every choice for every role, role 0 most significant. */
function combine(roles: number): readonly (readonly Choice[])[] {
  let combinations: readonly (readonly Choice[])[] = [[]];
  for (let role = 0; role < roles; role += 1) {
    combinations = combinations.flatMap((head) => CHOICES.map((choice) => [...head, choice]));
  }
  return combinations;
}

function toArm(roles: readonly RoleId[], choices: readonly Choice[]): Arm {
  return Object.fromEntries(
    roles.map((role, index) => {
      const { candidate, settings } = choices[index] as Choice;
      return [role, { candidate, settings }];
    }),
  );
}

import type { Decision, FitContext, OutcomeTable, Question, RouterFactory, RoutingRequest } from "@haps/spec";
import { ANSWERER, type Arm, singleRoleArm } from "@haps/spec";

export interface FixtureRow {
  readonly id: string;
  readonly text?: string;
  readonly group?: string;
  readonly label?: string;
  readonly scores: readonly number[];
  readonly costs?: readonly number[];
  readonly halves?: readonly [readonly number[], readonly number[]];
}

/** A small table with candidates `a`, `b`, `c`, ... made for tests: its outcomes are invented. */
export function tableOf(rows: readonly FixtureRow[], hash = "fixture"): OutcomeTable {
  const width = rows[0]?.scores.length ?? 0;
  const candidates = Array.from({ length: width }, (_, arm) => String.fromCharCode(97 + arm));
  const cells = (pick: (row: FixtureRow) => readonly number[]): Float64Array => Float64Array.from(rows.flatMap(pick));
  return {
    id: "fixture",
    task: { id: "fixture", description: "invented", roles: [{ id: "answerer", description: "answers" }] },
    pool: { candidates: candidates.map((id) => ({ id, weights: "closed" as const, parameters: {} })) },
    rows: rows.map(({ id, text, group, label }) => ({
      question: { id, text: text ?? `text of ${id}` },
      group: group ?? id,
      split: "invented",
      labels: { task: label ?? "none" },
    })),
    arms: candidates.map((id) => singleRoleArm(id)),
    score: cells((row) => row.scores),
    ...(rows[0]?.costs === undefined ? {} : { cost: cells((row) => row.costs ?? []), costUnit: "tokens" }),
    samples: cells((row) => row.scores.map((score) => (Number.isNaN(score) ? 0 : 1))),
    ...(rows[0]?.halves === undefined
      ? {}
      : { halves: { first: cells((row) => row.halves?.[0] ?? []), second: cells((row) => row.halves?.[1] ?? []) } }),
    hash,
    warnings: ["simulated"],
  };
}

/** A decision for one arm of a single-role table. */
export function decisionFor(question: Question, arm: Arm, router = "fixture"): Decision {
  const choice = arm[ANSWERER] as Arm[string];
  return {
    questionId: question.id,
    roles: { answerer: { ...choice, probability: 1 } },
    ranking: [{ arm, logProb: 0 }],
    total: 1,
    marginals: { answerer: [1] },
    reason: "a rule of the test",
    router: { id: router },
  };
}

/** A factory whose routers choose arm `rule(request, context)` of the training table. */
export function ruleFactory(
  id: string,
  rule: (request: RoutingRequest, context: FitContext) => number,
  options: { readonly privileged?: boolean; readonly onDispose?: () => void } = {},
): RouterFactory {
  return {
    id,
    ...(options.privileged === undefined ? {} : { privileged: options.privileged }),
    createRouter: async (context) => ({
      contractVersion: 1,
      id,
      route: async (requests) =>
        requests.map((request) =>
          decisionFor(request.question, context.training.arms[rule(request, context)] as Arm, id),
        ),
      dispose: () => options.onDispose?.(),
    }),
  };
}

/** Every `count`-th row is tested in one fold, starting at `shift`. */
export function foldsOf(table: OutcomeTable, count: number, shift = 0): { train: number[]; test: number[] }[] {
  const groups = [...new Set(table.rows.map((row) => row.group))].sort();
  const foldOf = new Map(groups.map((group, index) => [group, (index + shift) % count]));
  return Array.from({ length: count }, (_, fold) => {
    const inTest = (row: number): boolean => foldOf.get(table.rows[row]?.group as string) === fold;
    const rows = table.rows.map((_, row) => row);
    return { train: rows.filter((row) => !inTest(row)), test: rows.filter(inTest) };
  });
}

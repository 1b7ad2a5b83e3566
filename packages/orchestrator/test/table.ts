import { type Arm, type Candidate, type OutcomeTable, type Settings, singleRoleArm } from "@haps/spec";

/** What a hand-made table holds; cells are `[rows][arms]`, `NaN` where not run. */
export interface TableContent {
  /** One candidate or a candidate with its prompt per arm, such as `small` or `small/steps`. */
  readonly arms: readonly string[];
  readonly scores: readonly (readonly number[])[];
  readonly costs?: readonly (readonly number[])[];
  readonly propensities?: readonly (readonly number[])[];
  /** Default `text 0`, `text 1`, … */
  readonly texts?: readonly string[];
  /** Default: every row is a group of its own. */
  readonly groups?: readonly string[];
}

/** A single-role table; the pool is derived from the arms. */
export function tableOf({ arms, scores, costs, propensities, texts, groups }: TableContent): OutcomeTable {
  const score = Float64Array.from(scores.flat());
  return {
    id: "hand-made",
    task: { id: "test", description: "A test.", roles: [{ id: "answerer", description: "Answers." }] },
    pool: { candidates: candidatesOf(arms) },
    rows: scores.map((_, row) => ({
      question: { id: `q${row}`, text: texts?.[row] ?? `text ${row}` },
      group: groups?.[row] ?? `g${row}`,
      labels: {},
    })),
    arms: arms.map(armOf),
    score,
    ...(costs === undefined ? {} : { cost: Float64Array.from(costs.flat()), costUnit: "tokens" }),
    ...(propensities === undefined ? {} : { propensity: Float64Array.from(propensities.flat()) }),
    samples: score.map((value) => (Number.isNaN(value) ? 0 : 1)),
    hash: "hand-made",
    warnings: [],
  };
}

/** `small` or `small/steps` as an arm of the single role. */
export function armOf(name: string): Arm {
  const [candidate = "", prompt] = name.split("/");
  return singleRoleArm(candidate, settingsOf(prompt));
}

function settingsOf(prompt: string | undefined): Settings {
  return prompt === undefined ? {} : { prompt };
}

function candidatesOf(arms: readonly string[]): readonly Candidate[] {
  const prompts = new Map<string, string[]>();
  for (const name of arms) {
    const [candidate = "", prompt] = name.split("/");
    const own = prompts.get(candidate) ?? [];
    if (prompt !== undefined) own.push(prompt);
    prompts.set(candidate, own);
  }
  return [...prompts].map(([id, values]) => ({
    id,
    weights: "closed",
    parameters: values.length === 0 ? {} : { settings: { prompt: { kind: "categorical", values } } },
  }));
}

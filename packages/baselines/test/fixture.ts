import {
  type Decision,
  type FeaturizerFactory,
  type FitContext,
  type OutcomeTable,
  type Question,
  type Router,
  type RouterFactory,
  type RoutingRequest,
  singleRoleArm,
} from "@haps/spec";

/** What a hand-made table holds; cells are `[rows][arms]`, `NaN` where not run. */
export interface TableContent {
  readonly scores: readonly (readonly number[])[];
  readonly costs?: readonly (readonly number[])[];
  /** Default `text 0`, `text 1`, … */
  readonly texts?: readonly string[];
  readonly labels?: readonly string[];
}

/** A table of one candidate per arm, named `arm-0`, `arm-1`, …; question ids are `q0`, `q1`, … */
export function tableOf({ scores, costs, texts, labels }: TableContent): OutcomeTable {
  const width = scores[0]?.length ?? 0;
  const ids = Array.from({ length: width }, (_, arm) => `arm-${arm}`);
  const score = Float64Array.from(scores.flat());
  return {
    id: "hand-made",
    task: { id: "test", description: "A test.", roles: [{ id: "answerer", description: "Answers." }] },
    pool: { candidates: ids.map((id) => ({ id, weights: "closed", parameters: {} })) },
    rows: scores.map((_, row) => ({
      question: { id: `q${row}`, text: texts?.[row] ?? `text ${row}` },
      group: `g${row}`,
      labels: labels?.[row] === undefined ? {} : { task: labels[row] },
    })),
    arms: ids.map((id) => singleRoleArm(id)),
    score,
    ...(costs === undefined ? {} : { cost: Float64Array.from(costs.flat()), costUnit: "tokens" }),
    samples: score.map((value) => (Number.isNaN(value) ? 0 : 1)),
    hash: "hand-made",
    warnings: [],
  };
}

/** Features written in the text itself: `"0.5 -1"` is `[0.5, -1]`. */
export function numberFeatures(dimension: number): FeaturizerFactory {
  return {
    kind: "numbers",
    fit: () => ({
      kind: "numbers",
      dimension,
      transform: (questions) => Float32Array.from(questions.flatMap(({ text }) => text.split(" ").map(Number))),
    }),
  };
}

/** Word counts over the 12 most frequent words of the training texts, lengths beside them. */
export const wordFeatures: FeaturizerFactory = {
  kind: "words",
  fit: (training) => {
    const counts = new Map<string, number>();
    for (const word of training.flatMap(wordsOf)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const words = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 12);
    return {
      kind: "words",
      dimension: words.length + 1,
      transform: (questions) =>
        Float32Array.from(
          questions.flatMap((question) => {
            const own = wordsOf(question);
            return [...words.map(([word]) => own.filter((one) => one === word).length), question.text.length / 100];
          }),
        ),
    };
  },
};

function wordsOf({ text }: Question): string[] {
  return text.toLowerCase().match(/[a-z]+/g) ?? [];
}

/** The context in which a factory is asked to learn from a table. */
export function contextOf(training: OutcomeTable, more: Partial<FitContext> = {}): FitContext {
  return { task: training.task, pool: training.pool, training, seed: 1, ...more };
}

/** A request about a text, or about the question with that id. */
export function ask(table: OutcomeTable, text: string, more: Partial<RoutingRequest> = {}): RoutingRequest {
  return { question: { id: text, text }, task: table.task, pool: table.pool, ...more };
}

/** Trains, asks and disposes. */
export async function decide(
  factory: RouterFactory,
  context: FitContext,
  requests: readonly RoutingRequest[],
): Promise<readonly Decision[]> {
  const router: Router = await factory.createRouter(context);
  try {
    return await router.route(requests);
  } finally {
    router.dispose();
  }
}

/** Index of the chosen arm of a table made by {@link tableOf}. */
export function chosenArm(decision: Decision | undefined): number {
  return Number(decision?.roles.answerer?.candidate.slice("arm-".length));
}

/** Scores of all arms up to a constant, read off the ranking: `temperature * (logProb - logProb of arm 0)`. */
export function scoresOf(decision: Decision | undefined, temperature: number): number[] {
  const logProbs = new Map(
    decision?.ranking.map(({ arm, logProb }) => [Number(arm.answerer?.candidate.slice("arm-".length)), logProb]),
  );
  return [...logProbs.keys()]
    .sort((a, b) => a - b)
    .map((arm) => temperature * ((logProbs.get(arm) ?? 0) - (logProbs.get(0) ?? 0)));
}

/** Mean planted score of the chosen arms. */
export function meanScore(decisions: readonly Decision[], truth: (index: number, arm: number) => number): number {
  return decisions.reduce((sum, decision, index) => sum + truth(index, chosenArm(decision)), 0) / decisions.length;
}

import type { OutcomeTable } from "../outcome-table.ts";
import type { Decision, Router, RoutingRequest } from "../router.ts";
import type { FitContext, RouterFactory } from "../router-factory.ts";
import type { Question } from "../task.ts";

/** What the promises of a router are checked on. */
export interface ContractSubject {
  readonly factory: RouterFactory;
  readonly context: FitContext;
  readonly requests: readonly RoutingRequest[];
}

/** One promise of the contract. */
export interface ContractPromise {
  /** A sentence of behaviour. */
  readonly name: string;
  /** Rejects with a sentence when the promise is broken. */
  check(subject: ContractSubject): Promise<void>;
}

/** Makes what is checked: up to 10 questions of the table, one that it does not have, and three cost weights in turn. */
export function contractSubject(
  factory: RouterFactory,
  table: OutcomeTable,
  options: { readonly seed: number; readonly label: string },
): ContractSubject {
  const labels = new Map(table.rows.map((row) => [row.question.id, row.labels[options.label]]));
  const context: FitContext = {
    task: table.task,
    pool: table.pool,
    training: table,
    seed: options.seed,
    costWeights: [0, 0.1, 1],
    labelOf: (questionId) => labels.get(questionId),
  };
  const unseen: Question = { id: "unseen", text: "Übersetze: a sentence, unlike 1 of the others?\nSecond line." };
  const questions = [...table.rows.slice(0, 10).map((row) => row.question), unseen];
  const costWeights = [undefined, 0, 0.1, 1];
  const requests = questions.map((question, index): RoutingRequest => {
    const costWeight = costWeights[index % costWeights.length];
    const request = { question, task: table.task, pool: table.pool };
    return costWeight === undefined ? request : { ...request, costWeight };
  });
  return { factory, context, requests };
}

/** Trains a router, hands it over, and disposes it also after an error. */
export async function withRouter<Result>(
  subject: ContractSubject,
  run: (router: Router) => Promise<Result>,
  overrides: Partial<FitContext> = {},
): Promise<Result> {
  const router = await subject.factory.createRouter({ ...subject.context, ...overrides });
  try {
    return await run(router);
  } finally {
    router.dispose();
  }
}

/** The decisions of a freshly trained router about the subject's requests, or others. */
export async function decisionsOf(
  subject: ContractSubject,
  requests: readonly RoutingRequest[] = subject.requests,
  overrides: Partial<FitContext> = {},
): Promise<readonly Decision[]> {
  return withRouter(subject, (router) => router.route(requests), overrides);
}

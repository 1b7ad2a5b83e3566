import {
  type Abortable,
  armKey,
  type Decision,
  decisionArm,
  type FitEvent,
  HapsError,
  type OutcomeTable,
  type Question,
  type Router,
  type RouterFactory,
  selectRows,
  type Task,
} from "@haps/spec";
import { assertComparable } from "./assert-comparable.ts";
import { assertFold, type Fold } from "./fold.ts";
import type { JobRecord } from "./job-record.ts";
import { questionOrder } from "./question-order.ts";

/** One (method, seed, fold) to run. */
export interface JobInput extends Abortable {
  readonly table: OutcomeTable;
  readonly fold: Fold;
  /** Number of the fold within its seed, from 0; only recorded. */
  readonly foldNumber: number;
  readonly seed: number;
  readonly factory: RouterFactory;
  /** Cost weights to ask the router at, each >= 0. Default `[0]`: quality only. */
  readonly costWeights?: readonly number[];
  /** Privileged labels by question id; a factory that asks for one is recorded as privileged. */
  readonly labelOf?: (questionId: string) => string | undefined;
  /** Progress and warnings of the fit; called synchronously. */
  readonly onEvent?: (event: FitEvent) => void;
}

/**
 * Fits one method on the training part of a fold and records what it chooses for the test questions.
 *
 * The router sees the text and context of questions and the outcomes of training rows; labels, split names,
 * warnings and the ids of table and task are taken out, and evaluation outcomes are never passed. Rows go in in the order of their ids.
 *
 * @returns Plain JSON. The same input gives the same bytes. The router is disposed, also after an error.
 * @throws HapsError code `data` for a log of chosen arms (see {@link assertComparable}) or a fold with one text on both
 *   sides; `state` when the router breaks its contract;
 *   `unknown-candidate` when it chooses a candidate outside the pool; the reason of an aborted signal.
 */
export async function runJob(input: JobInput): Promise<JobRecord> {
  const { table, factory, seed, signal } = input;
  const costWeights = input.costWeights ?? [0];
  signal?.throwIfAborted();
  assertComparable("runJob", table);
  assertFold("runJob", table, input.fold);
  const train = questionOrder("runJob", table, input.fold.train);
  const test = questionOrder("runJob", table, input.fold.test);
  const questions = test.map((row) => bareQuestion(table.rows[row]?.question as Question));
  const watched = watchLabels(input.labelOf);
  const warnings = new Map<string, { code: string; message: string }>();
  const router = await factory.createRouter({
    task: neutralTask(table),
    pool: table.pool,
    training: trainingView(selectRows(table, train)),
    seed,
    costWeights,
    labelOf: watched.labelOf,
    onEvent: (event) => {
      if (event.type === "warning")
        warnings.set(`${event.code} ${event.message}`, { code: event.code, message: event.message });
      input.onEvent?.(event);
    },
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    const choices: number[][] = [];
    for (const costWeight of costWeights) choices.push(await chooseArms(router, questions, costWeight, input));
    return {
      schemaVersion: 1,
      method: factory.id,
      privileged: factory.privileged === true || watched.asked(),
      seed,
      fold: input.foldNumber,
      tableHash: table.hash,
      trainingRows: train.length,
      questions: questions.map((question) => question.id),
      costWeights: [...costWeights],
      choices,
      warnings: [...warnings.values()],
    };
  } finally {
    router.dispose();
  }
}

async function chooseArms(
  router: Router,
  questions: readonly Question[],
  costWeight: number,
  { table, factory, signal }: JobInput,
): Promise<number[]> {
  signal?.throwIfAborted();
  const task = neutralTask(table);
  const requests = questions.map((question) => ({ question, task, pool: table.pool, costWeight }));
  const decisions = await router.route(requests, signal === undefined ? {} : { signal });
  const numberOf = new Map(table.arms.map((arm, index) => [armKey(arm), index]));
  const known = new Set(table.pool.candidates.map((candidate) => candidate.id));
  if (decisions.length !== questions.length) {
    throw new HapsError(
      "state",
      `runJob: router ${JSON.stringify(factory.id)} gave ${decisions.length} decisions; expected ${questions.length}, one per request; check its route()`,
      { method: factory.id, decisions: decisions.length, requests: questions.length },
    );
  }
  return decisions.map((decision, index) => {
    assertDecision(decision, questions[index]?.id as string, known, factory.id);
    return numberOf.get(armKey(decisionArm(decision))) ?? -1;
  });
}

function assertDecision(decision: Decision, questionId: string, known: ReadonlySet<string>, method: string): void {
  if (decision.questionId !== questionId) {
    throw new HapsError(
      "state",
      `runJob: router ${JSON.stringify(method)} answered for question ${JSON.stringify(decision.questionId)}; expected ${JSON.stringify(questionId)}; keep the order of the requests`,
      { method, got: decision.questionId, expected: questionId },
    );
  }
  for (const choice of Object.values(decision.roles)) {
    if (known.has(choice.candidate)) continue;
    throw new HapsError(
      "unknown-candidate",
      `runJob: router ${JSON.stringify(method)} chose ${JSON.stringify(choice.candidate)}, which is not in the pool; expected one of ${[...known].join(", ")}; choose from the request's pool`,
      { method, candidate: choice.candidate },
    );
  }
}

/** Only what a router may see: no property that a reader may have left on the question. */
function bareQuestion({ id, text, context }: Question): Question {
  return { id, text, ...(context === undefined ? {} : { context }) };
}

/** Ids and warnings of a table may name its data set, which would tell a router what the questions are about. */
function trainingView(table: OutcomeTable): OutcomeTable {
  const rows = table.rows.map(({ question, group }) => ({ question: bareQuestion(question), group, labels: {} }));
  return { ...table, id: "training", task: neutralTask(table), rows, warnings: [] };
}

/** The task as every router sees it, when fitted and when asked. */
function neutralTask({ task }: OutcomeTable): Task {
  return { ...task, id: "task" };
}

function watchLabels(labelOf: JobInput["labelOf"]) {
  let asked = false;
  return {
    asked: () => asked,
    labelOf: (questionId: string): string | undefined => {
      asked = true;
      return labelOf?.(questionId);
    },
  };
}

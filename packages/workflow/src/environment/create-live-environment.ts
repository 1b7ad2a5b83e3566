import {
  type Abortable,
  type CandidateId,
  ConfigError,
  type ConfigIssue,
  type Engine,
  type Environment,
  type EpisodeTrace,
  HapsError,
  type Outcome,
  type Price,
  type Retriever,
  type Scorer,
  type Trial,
  type Workflow,
} from "@haps/spec";
import type { Schedule } from "../runner/create-call-batcher.ts";
import type { EpisodeRequest } from "../runner/episode-request.ts";
import { type RunEpisodesOptions, runEpisodes } from "../runner/run-episodes.ts";
import type { RunEvent } from "../runner/run-event.ts";
import { contentHash } from "../template.ts";
import { type Judge, outcomeOfTrace, scoresOf } from "./outcome-of-trace.ts";

/** What {@link createLiveEnvironment} needs. */
export interface LiveEnvironmentOptions {
  readonly workflow: Workflow;
  /** One for each candidate; they stay the caller's. */
  readonly engines: readonly Engine[];
  /** For workflows that search. */
  readonly retriever?: Retriever;
  readonly scorer: Scorer;
  /** Name of the score that counts, e.g. `f1`. */
  readonly score: string;
  /** Of candidates, all in one currency. A trial in which a candidate without a price plays has no cost. */
  readonly prices?: Readonly<Record<CandidateId, Price>> | ReadonlyMap<CandidateId, Price>;
  /** What else decides outcomes, as plain JSON for the hash: hashes of models and benchmark, the scorer's name and options. */
  readonly identity?: Readonly<Record<string, unknown>>;
  /** As in {@link runEpisodes}. */
  readonly schedule?: Schedule;
  /** Episodes side by side, at least 1. Default 256. */
  readonly concurrency?: number;
  /** Whether outcomes carry their calls with token ids, which makes them large. Default `false`. */
  readonly recordCalls?: boolean;
  /** Milliseconds of any origin; without it traces have no times. */
  readonly clock?: () => number;
  /** Told of every episode that ended, with what came of it; what it throws ends the run. */
  readonly onTrace?: (trace: EpisodeTrace, outcome: Outcome) => void;
}

/**
 * Makes an environment that plays trials: the workflow on engines, then scorer and prices.
 *
 * Outcomes come as episodes end. `failed` outcomes, those of a scorer that refuses a gold answer with code `data` among them, have no
 * score; without an answer the score is what the scorer gives `null`. Any other error of the scorer ends the run, and so does a
 * missing score or one outside `[0, 1]`. Workflow and engines never see the gold answer.
 *
 * @throws ConfigError for prices in several currencies or out of range.
 *
 * @example
 * ```ts
 * const engine: Engine = {
 *   candidate: "tiny",
 *   capabilities: { lora: "none", tokenLogProbs: false, gradients: false, seed: true, stream: false },
 *   generate: async (calls) =>
 *     calls.map(() => ({ ok: true, value: { text: "B", promptTokens: [1], tokens: [2], finishReason: "eos" } })),
 *   dispose: async () => undefined,
 * };
 * const scorer: Scorer = { score: (answer, gold) => ({ accuracy: answer === gold.answer ? 1 : 0 }) };
 * const workflow = createSingleTurnWorkflow();
 * const environment = createLiveEnvironment({ workflow, engines: [engine], scorer, score: "accuracy" });
 * const question = { id: "q1", text: "2 + 2? (A) 3 (B) 4", gold: { answer: "B" } };
 * const roles = { answerer: { candidate: "tiny", decoding: { maxTokens: 4 } } };
 * for await (const outcome of environment.run([{ id: "t1", question, roles, seed: 1 }])) {
 *   console.assert(outcome.status === "ok" && outcome.score === 1);
 * }
 * ```
 */
export function createLiveEnvironment(options: LiveEnvironmentOptions): Environment {
  const { workflow, engines, retriever, scorer, score, recordCalls = false, identity = {} } = options;
  const prices = pricesOf(options);
  return {
    task: workflow.task,
    hash: contentHash({
      environment: "live",
      version: 1,
      workflow: workflow.hash,
      retriever: retriever?.id ?? null,
      score,
      prices: [...prices].sort(([a], [b]) => (a < b ? -1 : 1)),
      engines: engines.map(({ candidate }) => candidate).sort(),
      identity,
    }),
    run: (trials, { signal } = {}) => play(trials, options, { scorer, score, prices, recordCalls }, signal),
  };
}

async function* play(
  trials: readonly Trial[],
  options: LiveEnvironmentOptions,
  judge: Judge,
  signal: AbortSignal | undefined,
): AsyncGenerator<Outcome, void, undefined> {
  assertScore(trials, judge);
  const golds = new Map(trials.map(({ id, question }) => [id, question.gold]));
  const controller = new AbortController();
  const stop = (): void => {
    controller.abort(signal?.reason);
  };
  let ready: Outcome[] = [];
  let wake = (): void => undefined;
  const onEvent = (event: RunEvent): void => {
    if (event.type !== "episode-end") return;
    const outcome = outcomeOfTrace(event.trace, golds.get(event.trace.id) as Trial["question"]["gold"], judge);
    options.onTrace?.(event.trace, outcome);
    ready.push(outcome);
    wake();
  };

  if (signal?.aborted === true) stop();
  // Not `AbortSignal.any`: a signal that outlives thousands of runs would gather what they leave behind.
  signal?.addEventListener("abort", stop, { once: true });
  let isOver = false;
  const running = runEpisodes(trials.map(requestOf), { ...runnerOptions(options), onEvent, signal: controller.signal });
  const end = (): void => {
    isOver = true;
    wake();
  };
  const ended = running.then(end, end);
  try {
    for (;;) {
      const batch = ready;
      ready = [];
      yield* batch;
      if (ready.length > 0) continue;
      if (isOver) break;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    signal?.removeEventListener("abort", stop);
    // After the end it does nothing; before it, whoever iterated has left.
    controller.abort(new HapsError("aborted", "environment: the iteration was left early"));
    await ended;
  }
  await running;
}

/** A wrong name is found before any call is paid for; a question that cannot be scored is a matter of its own trial. */
function assertScore(trials: readonly Trial[], judge: Judge): void {
  const [first] = trials;
  if (first === undefined) return;
  try {
    scoresOf(null, first.question.gold, judge);
  } catch (error) {
    if (!HapsError.isInstance(error) || error.code !== "data") throw error;
  }
}

/** The gold answer stays behind. */
function requestOf({ id, question, roles, seed }: Trial): EpisodeRequest {
  const { gold: _, ...visible } = question;
  return { id, question: visible, roles, seed };
}

function runnerOptions(options: LiveEnvironmentOptions): Omit<RunEpisodesOptions, keyof Abortable> {
  const { workflow, engines, retriever, schedule, concurrency, clock } = options;
  return {
    workflow,
    engines,
    ...(retriever === undefined ? {} : { retriever }),
    ...(schedule === undefined ? {} : { schedule }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(clock === undefined ? {} : { clock }),
  };
}

/** The prices of candidates that have an engine. */
function pricesOf({ prices = {}, engines }: LiveEnvironmentOptions): ReadonlyMap<CandidateId, Price> {
  const all = isMap(prices) ? prices : new Map(Object.entries(prices));
  const candidates = new Set(engines.map(({ candidate }) => candidate));
  const own = new Map([...all].filter(([candidate]) => candidates.has(candidate)));
  const issues: ConfigIssue[] = [...own].flatMap(([candidate, price]) =>
    (["inputPerMillionTokens", "outputPerMillionTokens"] as const)
      .filter((field) => !(Number.isFinite(price[field]) && price[field] >= 0))
      .map((field) => ({ path: `prices.${candidate}.${field}`, message: `${price[field]} is not a number from 0` })),
  );
  const currencies = [...new Set([...own.values()].map(({ currency }) => currency))];
  if (currencies.length > 1) {
    issues.push({ path: "prices", message: `are in ${currencies.join(" and ")}; convert them to one currency` });
  }
  if (issues.length > 0) throw new ConfigError("createLiveEnvironment", issues);
  return own;
}

function isMap(
  prices: Readonly<Record<CandidateId, Price>> | ReadonlyMap<CandidateId, Price>,
): prices is ReadonlyMap<CandidateId, Price> {
  return prices instanceof Map;
}

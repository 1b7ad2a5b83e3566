import {
  type Effect,
  type Episode,
  type EpisodeEnd,
  type EpisodeFailure,
  type EpisodeTrace,
  type Generation,
  HapsError,
  type Reply,
  type Retrieval,
  type Retriever,
  type RoleCall,
  type RolePlayer,
  type Settled,
  type Step,
  type TracedRole,
  type TraceEntry,
  type Workflow,
} from "@haps/spec";
import { callSeed } from "./call-seed.ts";
import type { LaneCall } from "./create-call-batcher.ts";
import type { EpisodeRequest } from "./episode-request.ts";
import { failureOf } from "./failure-of.ts";

/** What an episode is played with. */
export interface Stage {
  readonly workflow: Workflow;
  readonly retriever?: Retriever;
  readonly clock?: () => number;
  readonly signal: AbortSignal;
  /** Answers calls, all of one step at once. */
  readonly ask: (calls: readonly LaneCall[]) => readonly Promise<Settled<Generation>>[];
}

/** One effect, answered: what is recorded, and what the episode is told; nothing where it failed. */
interface Answered {
  readonly entry: TraceEntry;
  readonly reply?: Reply;
  readonly milliseconds: number;
}

/**
 * Plays one episode to its end. Whatever goes wrong in it is in its trace.
 *
 * @throws What the stage's calls are rejected with, and code `aborted`: these end the run.
 */
export async function playEpisode(request: EpisodeRequest, stage: Stage): Promise<EpisodeTrace> {
  const entries: TraceEntry[] = [];
  const milliseconds: number[] = [];
  const traceOf = (end: EpisodeEnd): EpisodeTrace => ({
    id: request.id,
    questionId: request.question.id,
    workflow: stage.workflow.hash,
    seed: request.seed,
    roles: tracedRoles(request),
    entries,
    end,
    ...(stage.clock === undefined ? {} : { milliseconds }),
  });
  let calls = 0;
  let replies: readonly Reply[] = [];
  let episode: Episode | undefined;
  for (;;) {
    stage.signal.throwIfAborted();
    let step: Step;
    try {
      episode ??= stage.workflow.start(request.question);
      step = episode.next(replies);
      checkStep(step, request);
    } catch (error) {
      return traceOf({ status: "failed", failure: failureOf(error) });
    }
    if (step.kind === "done") return traceOf(endOf(step));
    const answers = await answerAll(step.effects, calls, request, stage);
    // What failed because the run is over is not a failure of the episode.
    stage.signal.throwIfAborted();
    calls += step.effects.filter(({ kind }) => kind === "call").length;
    entries.push(...answers.map(({ entry }) => entry));
    milliseconds.push(...answers.map((answer) => answer.milliseconds));
    const failure = answers.map(({ entry }) => failureIn(entry)).find((one) => one !== undefined);
    if (failure !== undefined) return traceOf({ status: "failed", failure });
    replies = answers.flatMap(({ reply }) => (reply === undefined ? [] : [reply]));
  }
}

function checkStep(step: Step, { roles }: EpisodeRequest): void {
  if (step.kind === "done") return;
  if (step.effects.length === 0) {
    throw new HapsError("state", "workflow: a step asks for nothing; expected effects, or the end");
  }
  for (const effect of step.effects) {
    if (effect.kind !== "call" || Object.hasOwn(roles, effect.role)) continue;
    const message = `workflow: it asks the role ${JSON.stringify(effect.role)}, which its task does not have`;
    throw new HapsError("state", message, { role: effect.role });
  }
}

function endOf({ answer, reason }: Step & { kind: "done" }): EpisodeEnd {
  return answer === null ? { status: "no-answer", answer, reason } : { status: "ok", answer, reason };
}

function failureIn(entry: TraceEntry): EpisodeFailure | undefined {
  return "failure" in entry ? entry.failure : undefined;
}

function tracedRoles({ roles }: EpisodeRequest): EpisodeTrace["roles"] {
  const traced = ({ candidate, decoding, lora }: RolePlayer): TracedRole =>
    lora === undefined ? { candidate, decoding } : { candidate, decoding, lora: lora.id };
  return Object.fromEntries(Object.entries(roles).map(([role, player]) => [role, traced(player)]));
}

async function answerAll(
  effects: readonly Effect[],
  before: number,
  request: EpisodeRequest,
  stage: Stage,
): Promise<readonly Answered[]> {
  const calls = effects
    .filter((effect) => effect.kind === "call")
    .map((effect, index) => ({ effect, ...laneCall(effect, callSeed(request.seed, before + index), request) }));
  // Searches first: they run while the calls wait for their batch.
  const searches = effects.map((effect) =>
    effect.kind === "retrieval" ? timed(stage, search(effect, request, stage)) : undefined,
  );
  const asked = calls.length === 0 ? [] : stage.ask(calls);
  const settled = asked.map((promise, index) => {
    const { effect, candidate, call } = calls[index] as (typeof calls)[number];
    return timed(
      stage,
      promise.then((one) => answeredCall(effect, candidate, call.seed, one)),
    );
  });
  let place = 0;
  return Promise.all(searches.map((found) => found ?? (settled[place++] as Promise<Answered>)));
}

function laneCall(effect: RoleCall, seed: number, request: EpisodeRequest): LaneCall {
  const { candidate, decoding, lora } = request.roles[effect.role] as RolePlayer;
  const maxTokens = Math.min(decoding.maxTokens, effect.maxTokens ?? decoding.maxTokens);
  const call = { prompt: effect.prompt, decoding: { ...decoding, maxTokens }, seed };
  return { candidate, call: lora === undefined ? call : { ...call, lora } };
}

async function timed(stage: Stage, answer: Promise<Omit<Answered, "milliseconds">>): Promise<Answered> {
  const start = stage.clock?.() ?? 0;
  const answered = await answer;
  return { ...answered, milliseconds: (stage.clock?.() ?? 0) - start };
}

function answeredCall(
  { role, purpose, prompt }: RoleCall,
  candidate: string,
  seed: number,
  settled: Settled<Generation>,
): Omit<Answered, "milliseconds"> {
  if (!settled.ok) {
    const failure = { code: settled.failure.code, message: settled.failure.message };
    return { entry: { kind: "failed-call", role, candidate, purpose, prompt, seed, failure } };
  }
  const { text, promptTokens, tokens, logProbs, finishReason } = settled.value;
  const record = { role, candidate, promptTokens, tokens, ...(logProbs === undefined ? {} : { logProbs }) };
  return {
    entry: { kind: "call", ...record, purpose, prompt, text, finishReason, seed },
    reply: { kind: "text", text },
  };
}

async function search(
  { query }: Retrieval,
  request: EpisodeRequest,
  { retriever, signal }: Stage,
): Promise<Omit<Answered, "milliseconds">> {
  try {
    if (retriever === undefined) {
      throw new HapsError("config", "runEpisodes: the workflow searches, but there is no retriever; give it one");
    }
    const paragraphs = await retriever.retrieve(request.question, query, { signal });
    return { entry: { kind: "retrieval", query, paragraphs }, reply: { kind: "paragraphs", paragraphs } };
  } catch (error) {
    return { entry: { kind: "failed-retrieval", query, failure: failureOf(error) } };
  }
}

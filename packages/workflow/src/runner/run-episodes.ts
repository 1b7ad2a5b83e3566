import {
  type Abortable,
  ConfigError,
  type Engine,
  type EpisodeTrace,
  HapsError,
  type Retriever,
  type Workflow,
} from "@haps/spec";
import { createCallBatcher, type Schedule } from "./create-call-batcher.ts";
import { checkRequests, type EpisodeRequest } from "./episode-request.ts";
import { playEpisode } from "./play-episode.ts";
import type { RunEvent } from "./run-event.ts";

/** What {@link runEpisodes} needs. */
export interface RunEpisodesOptions extends Abortable {
  readonly workflow: Workflow;
  /** One for each candidate; they stay the caller's. */
  readonly engines: readonly Engine[];
  /** For workflows that search. */
  readonly retriever?: Retriever;
  /**
   * `rounds` waits for all engines before the next batches, which makes them as large as they can be and what is in them
   * independent of time: for engines in this process. `eager` hands an idle engine what waits for it: for servers. Default `rounds`.
   */
  readonly schedule?: Schedule;
  /** Episodes side by side, at least 1. Default 256. */
  readonly concurrency?: number;
  /** Milliseconds of any origin; without it traces have no times. */
  readonly clock?: () => number;
  /** Called as things happen; what it throws ends the run. */
  readonly onEvent?: (event: RunEvent) => void;
}

const CONCURRENCY = 256;

/**
 * Runs episodes against engines, with the calls of all of them batched by candidate.
 *
 * A call gets the decoding and the LoRA weights of its role's player, and a seed that the episode's seed and the call's place in
 * it decide. A trace depends on its own request alone, where engines keep their promises: neither on the other requests
 * nor on the order in which engines answer.
 *
 * @returns One trace per request, in order. An episode in which a call or a search fails has status `failed`, the others go on.
 * @throws ConfigError for requests that cannot run, HapsError code `unknown-candidate` for candidates without an engine, `aborted` when
 * the signal fires, `disposed` for an engine that is gone. What had ended until then was told to `onEvent`.
 *
 * Source: the HAPS paper (arXiv 2601.05903), Remark 3, batches of one architecture with parameters per sample.
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
 * const roles = { answerer: { candidate: "tiny", decoding: { maxTokens: 4 } } };
 * const requests = [{ id: "q1", question: { id: "q1", text: "2 + 2? (A) 3 (B) 4" }, roles, seed: 1 }];
 * const [trace] = await runEpisodes(requests, { workflow: createSingleTurnWorkflow(), engines: [engine] });
 * console.assert(trace?.end.status === "ok" && trace.end.answer === "B");
 * ```
 */
export async function runEpisodes(
  requests: readonly EpisodeRequest[],
  options: RunEpisodesOptions,
): Promise<readonly EpisodeTrace[]> {
  const { workflow, retriever, clock, onEvent, signal, schedule = "rounds", concurrency = CONCURRENCY } = options;
  const engines = enginesByCandidate(options.engines);
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new ConfigError("runEpisodes", [
      { path: "concurrency", message: `${concurrency} is no whole number from 1` },
    ]);
  }
  checkRequests(requests, workflow.task, engines);

  const controller = new AbortController();
  const lanes = Math.min(concurrency, requests.length);
  const traces = new Array<EpisodeTrace>(requests.length);
  let started = 0;
  let ended = 0;
  let fatal: Error | null = null;
  const onFatal = (error: unknown): Error => {
    fatal ??= error instanceof Error ? error : new Error(String(error), { cause: error });
    controller.abort(fatal);
    batcher.stop(fatal);
    return fatal;
  };
  const given = { ...(clock === undefined ? {} : { clock }), signal: controller.signal };
  const batcher = createCallBatcher({
    engines,
    schedule,
    lanes,
    onFatal,
    ...given,
    ...(onEvent === undefined ? {} : { onEvent }),
  });
  const onAbort = (): void => {
    const message = `runEpisodes: aborted by its signal; ${ended} of ${requests.length} episodes had ended`;
    onFatal(new HapsError("aborted", message, { done: ended, total: requests.length }, { cause: signal?.reason }));
  };

  const lane = async (): Promise<void> => {
    try {
      while (started < requests.length) {
        const order = started++;
        const request = requests[order] as EpisodeRequest;
        const stage = { workflow, ...given, ...(retriever === undefined ? {} : { retriever }) };
        const trace = await playEpisode(request, { ...stage, ask: (calls) => batcher.ask(order, calls) });
        traces[order] = trace;
        ended += 1;
        onEvent?.({ type: "episode-end", trace, done: ended, total: requests.length });
      }
    } catch (error) {
      onFatal(error);
    } finally {
      batcher.leave();
    }
  };

  if (signal?.aborted === true) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.all(Array.from({ length: lanes }, lane));
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
  throwIfFatal(fatal);
  return traces;
}

function throwIfFatal(fatal: Error | null): void {
  if (fatal !== null) throw fatal;
}

function enginesByCandidate(engines: readonly Engine[]): ReadonlyMap<string, Engine> {
  const byCandidate = new Map(engines.map((engine) => [engine.candidate, engine]));
  if (byCandidate.size === engines.length) return byCandidate;
  throw new ConfigError("runEpisodes", [{ path: "engines", message: "two play one candidate; give each one engine" }]);
}

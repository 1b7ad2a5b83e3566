import { encodePrompt } from "@haps/language-model";
import type { LiveQuestion } from "@haps/orchestrator";
import type { Decoding, Environment, EpisodeTrace, Outcome } from "@haps/spec";
import { createLiveEnvironment } from "@haps/workflow";
import { type OpenedPool, openPool } from "../pool/open-pool.ts";
import type { LiveBenchmark, LiveItem } from "./live-benchmark.ts";

/** A benchmark, the pool that plays it, and the environment of both. */
export interface LiveSetting {
  readonly benchmark: LiveBenchmark;
  readonly pool: OpenedPool;
  /** Records calls, for gradients. */
  readonly environment: Environment;
  /** Of evaluations: greedy. */
  readonly decoding: Decoding;
  /** A question with its routing prompt in tokens. */
  readonly toLive: (item: LiveItem) => LiveQuestion;
  dispose(): Promise<void>;
}

/** Where a setting comes from. */
export interface LiveSettingOptions {
  readonly benchmark: LiveBenchmark;
  readonly poolFolder: string;
  readonly signal?: AbortSignal;
  readonly onTrace?: (trace: EpisodeTrace, outcome: Outcome) => void;
}

/**
 * Opens a pool for a benchmark.
 *
 * @returns The caller disposes it.
 * @throws Errors of `openPool`.
 */
export async function openLiveSetting(options: LiveSettingOptions): Promise<LiveSetting> {
  const { benchmark, poolFolder, signal, onTrace } = options;
  const pool = await openPool(poolFolder, signal);
  const { workflow, retriever, scorer, score, routerPrompt, replyTokens } = benchmark;
  const environment = createLiveEnvironment({
    workflow,
    engines: pool.candidates.map(({ engine }) => engine),
    ...(retriever === undefined ? {} : { retriever }),
    scorer,
    score,
    prices: new Map(pool.candidates.map(({ id, price }) => [id, price])),
    identity: { models: pool.hashes },
    recordCalls: true,
    ...(onTrace === undefined ? {} : { onTrace }),
  });
  const encode = (text: string): number[] => pool.tokenizer.encode(text);
  return {
    benchmark,
    pool,
    environment,
    decoding: { maxTokens: replyTokens },
    toLive: ({ question }) => ({
      question,
      prompt: encodePrompt({ ...routerPrompt, question: question.text, encode }),
    }),
    dispose: () => pool.dispose(),
  };
}

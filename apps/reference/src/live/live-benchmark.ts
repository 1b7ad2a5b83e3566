import { type AtlasHopItem, benchmarkHash, createAtlasHop } from "@haps/benchmarks";
import { createAnswerScorer } from "@haps/reward/scores";
import type { LabelledQuestion, Retriever, Scorer, Workflow } from "@haps/spec";
import { hopSetting, POOL_REPLY_TOKENS } from "../pool/pool-workflow.ts";
import { ROUTER_PROMPTS, type RouterPrompt } from "../pool/router-prompt.ts";

/** Parts of a benchmark. */
export type LiveSplit = "train" | "valid" | "test";

/** A question with what controls and reports may know of it. */
export interface LiveItem {
  readonly question: LabelledQuestion;
  /** `class` and `chain` at least. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A benchmark with the workflow that plays it. */
export interface LiveBenchmark {
  readonly id: string;
  readonly splits: Readonly<Record<LiveSplit, readonly LiveItem[]>>;
  /** SHA-256 of each split. */
  readonly hashes: Readonly<Record<LiveSplit, string>>;
  readonly workflow: Workflow;
  readonly retriever?: Retriever;
  readonly scorer: Scorer;
  /** Name of the score that counts. */
  readonly score: string;
  readonly routerPrompt: RouterPrompt;
  /** Most tokens of a reply. */
  readonly replyTokens: number;
}

/** Sizes of a benchmark's splits; the first questions of the published splits. */
export type LiveSizes = Readonly<Record<LiveSplit, number>>;

/** The published sizes. */
export const FULL_SIZES: LiveSizes = { train: 4000, valid: 500, test: 5000 };

/** Where the questions that are looked at once come from: test, or what valid leaves over, which spares test. */
export type HeldOut = "test" | "valid";

/** Parts of the published splits, so that a small run asks what a large one asks. */
function partsOf<Item>(
  published: Readonly<Record<LiveSplit, readonly Item[]>>,
  sizes: LiveSizes,
  heldOut: HeldOut,
): Readonly<Record<LiveSplit, readonly Item[]>> {
  const { train, valid, test } = published;
  const rest = heldOut === "test" ? test : valid.slice(sizes.valid);
  return {
    train: train.slice(0, sizes.train),
    valid: valid.slice(0, sizes.valid),
    test: rest.slice(0, sizes.test),
  };
}

const published = new Map<boolean, ReturnType<typeof createAtlasHop>>();

/** Made once in a process: it takes a second or two, and a study opens its benchmark several times. */
function publishedHop(withTest: boolean): ReturnType<typeof createAtlasHop> {
  const made = published.get(withTest) ?? createAtlasHop(withTest ? {} : { test: 0 });
  published.set(withTest, made);
  return made;
}

/** atlas-hop with the teacher-student workflow. */
export function atlasHopLive(sizes: LiveSizes = FULL_SIZES, heldOut: HeldOut = "test"): LiveBenchmark {
  const splits = partsOf<AtlasHopItem>(publishedHop(heldOut === "test" && sizes.test > 0), sizes, heldOut);
  const { workflow, retriever } = hopSetting();
  return {
    id: "atlas-hop",
    splits: { train: splits.train.map(liveItem), valid: splits.valid.map(liveItem), test: splits.test.map(liveItem) },
    hashes: {
      train: benchmarkHash(splits.train),
      valid: benchmarkHash(splits.valid),
      test: benchmarkHash(splits.test),
    },
    workflow,
    retriever,
    scorer: createAnswerScorer(),
    score: "f1",
    routerPrompt: ROUTER_PROMPTS.hop,
    replyTokens: POOL_REPLY_TOKENS,
  };
}

function liveItem({ question, labels }: AtlasHopItem): LiveItem {
  return { question, labels };
}

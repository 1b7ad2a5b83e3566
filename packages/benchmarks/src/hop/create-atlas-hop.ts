import { ConfigError, parseConfig } from "@haps/spec";
import { createFactBase, type FactBase } from "../facts/fact-base.ts";
import { createRandomStream } from "../random-stream.ts";
import type { SplitName } from "../split-name.ts";
import { type AtlasHopItem, completeHopItem, type HopDraft } from "./atlas-hop-item.ts";
import { type AtlasHopOptions, atlasHopOptionsSchema, type ResolvedAtlasHopOptions } from "./atlas-hop-options.ts";
import { bridgeTexts, draftBridge } from "./bridge-drafts.ts";
import { BRIDGE_KINDS } from "./bridge-kinds.ts";
import { type BridgeChains, splitBridgeChains } from "./chain-splits.ts";
import { draftComparison } from "./comparison-drafts.ts";
import { COMPARISON_KINDS } from "./comparison-kinds.ts";

/** The two-hop benchmark: splits that share no text and no chain. */
export interface AtlasHop {
  readonly id: "atlas-hop";
  readonly options: ResolvedAtlasHopOptions;
  readonly train: readonly AtlasHopItem[];
  readonly valid: readonly AtlasHopItem[];
  readonly test: readonly AtlasHopItem[];
  /** Questions to train candidates on, see {@link AtlasHopOptions}. */
  readonly pretrain: readonly AtlasHopItem[];
}

/**
 * Generates two-hop questions over public facts in HotpotQA's shape: a question, ten titled paragraphs, the two sentences
 * that are needed, and the answer.
 *
 * Bridge questions lead from a city, landmark, author, book or country over an entity that is not named to the answer;
 * comparison questions set two entities side by side and are answered by yes, no or one of the two. In a counterfactual
 * world the facts change places at random, and the paragraphs say so: the answer must be read.
 *
 * A chain (subject and relations, or the unordered pair) belongs to one split, whatever its wording and world; every entity
 * that is asked about occurs as a subject in train, as long as train has a few hundred questions. Texts are unique over
 * train, valid and test. Equal options give equal bytes: {@link benchmarkHash}.
 *
 * @throws ConfigError for wrong options, or when a split has not that many different questions.
 *
 * Source: the format of Yang et al., HotpotQA (2018). Facts, templates and worlds are our own.
 *
 * @example
 * ```ts
 * const { valid } = createAtlasHop({ train: 0, valid: 10, test: 0 });
 * console.assert(valid.length === 10 && valid[0]?.paragraphs.length === 10);
 * ```
 */
export function createAtlasHop(options: AtlasHopOptions = {}): AtlasHop {
  const resolved = parseConfig("createAtlasHop", atlasHopOptionsSchema, options);
  const facts = createFactBase();
  const chains = splitBridgeChains(facts, resolved.seed);
  const texts = new Set<string>();
  const build = (split: SplitName, pretrain: boolean): readonly AtlasHopItem[] =>
    buildSplit({ facts, chains, options: resolved, texts, split, pretrain });
  return {
    id: "atlas-hop",
    options: resolved,
    train: build("train", false),
    valid: build("valid", false),
    test: build("test", false),
    pretrain: build("train", true),
  };
}

interface SplitPlan {
  readonly facts: FactBase;
  readonly chains: BridgeChains;
  readonly options: ResolvedAtlasHopOptions;
  readonly texts: Set<string>;
  readonly split: SplitName;
  readonly pretrain: boolean;
}

function buildSplit(plan: SplitPlan): readonly AtlasHopItem[] {
  const { facts, options, split, pretrain } = plan;
  const name = pretrain ? "pretrain" : split;
  const bridges = Math.round(options[name] * options.bridge);
  const quotas = shares(bridges, BRIDGE_KINDS.length);
  const taken = pretrain ? shares(Math.round(options.train * options.bridge), BRIDGE_KINDS.length) : [];
  const drafts = [
    ...BRIDGE_KINDS.flatMap((_, index) => bridgeDrafts(plan, name, index, quotas[index] ?? 0, taken[index] ?? 0)),
    ...comparisonDrafts(plan, name, options[name] - bridges),
  ];
  const items = drafts.map((draft, index) =>
    completeHopItem(facts, draft, createRandomStream(options.seed, `hop/${name}/${index}/paragraphs`)),
  );
  return createRandomStream(options.seed, `hop/${name}/order`).shuffle(items);
}

function bridgeDrafts(
  { facts, chains, options: { seed, counterfactual }, split, pretrain }: SplitPlan,
  name: keyof ResolvedAtlasHopOptions,
  index: number,
  count: number,
  taken: number,
): readonly HopDraft[] {
  const kind = BRIDGE_KINDS[index];
  if (kind === undefined) throw new Error("internal: no such kind");
  const subjects = chains[split].get(kind.id) ?? [];
  const all = bridgeTexts(kind, subjects, createRandomStream(seed, `texts/${split}/${kind.id}`));
  const free = all.slice(taken);
  if (count > 0 && (pretrain ? free.length === 0 : free.length < count)) {
    throw tooMany(name, `${kind.id} has ${free.length} different texts, ${count} are needed`);
  }
  return Array.from({ length: count }, (_, place) => {
    const text = free[place % free.length];
    if (text === undefined) throw new Error("internal: no text left");
    return draftBridge(facts, kind, text, { seed, counterfactual, name: `hop/${name}/${kind.id}/${place}` });
  });
}

function comparisonDrafts(
  { facts, options: { seed, counterfactual }, texts, split }: SplitPlan,
  name: keyof ResolvedAtlasHopOptions,
  total: number,
): readonly HopDraft[] {
  const quotas = shares(total, COMPARISON_KINDS.length);
  return COMPARISON_KINDS.flatMap((kind, position) =>
    Array.from({ length: quotas[position] ?? 0 }, (_, index) => {
      const request = { seed, split, counterfactual, name: `hop/${name}/${kind.id}/${index}`, index, texts };
      const draft = draftComparison(facts, kind, request);
      if (draft === null) throw tooMany(name, `${kind.id} gives about ${index} different texts, more are needed`);
      return draft;
    }),
  );
}

/** Divides a total into equal parts that differ by at most one. */
function shares(total: number, parts: number): readonly number[] {
  return Array.from(
    { length: parts },
    (_, index) => Math.floor(((index + 1) * total) / parts) - Math.floor((index * total) / parts),
  );
}

function tooMany(field: string, problem: string): ConfigError {
  return new ConfigError("createAtlasHop", [{ path: field, message: `${problem}; ask for fewer questions` }]);
}

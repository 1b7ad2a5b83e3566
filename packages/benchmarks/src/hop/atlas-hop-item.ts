import { createHash } from "node:crypto";
import { canonicalJson } from "@haps/spec";
import type { EntityRef, FactBase, RelationId } from "../facts/fact-base.ts";
import { contextOf, type HotpotQaItem, type Paragraph, type SupportingFact } from "../formats/hotpotqa-item.ts";
import { writeParagraph } from "../paragraph.ts";
import type { RandomStream } from "../random-stream.ts";
import { titleOf } from "../wording.ts";
import type { World, WorldKind } from "../world.ts";
import { pickDistractors } from "./pick-distractors.ts";

/** One fact on the way to the answer: what the paragraph `title` says about `relation`. */
export interface Hop {
  readonly title: string;
  readonly relation: RelationId;
  readonly value: string;
}

/** What controls and reports may know of a question and routers may not. */
export interface AtlasHopLabels extends Readonly<Record<string, string>> {
  /** Template class, one of 29: `landmark-capital`. */
  readonly class: string;
  /** Table of the subject: `landmark`. */
  readonly family: string;
  readonly type: "bridge" | "comparison";
  /** `medium` in the true world, which a model may know by heart; `hard` in counterfactual ones. */
  readonly level: "hard" | "medium";
  readonly world: WorldKind;
  /** What is held out between the splits: subject and relations, or the unordered pair. */
  readonly chain: string;
}

/** A generated two-hop question. */
export interface AtlasHopItem extends HotpotQaItem {
  /** What the supporting facts state, in their order; scripts of good behaviour are made of it. */
  readonly hops: readonly Hop[];
  /** Everything that the two paragraphs with supporting facts state; scripts of careless behaviour are made of it. */
  readonly stated: readonly Hop[];
  readonly labels: AtlasHopLabels;
}

/** What is particular to a question; the rest follows. */
export interface HopDraft {
  readonly text: string;
  readonly answer: string;
  readonly world: World;
  readonly gold: readonly [HopSource, HopSource];
  readonly type: "bridge" | "comparison";
  readonly class: string;
  readonly family: string;
  readonly chain: string;
  /** What no paragraph says, because it would spare the first hop. */
  readonly unsaid?: RelationId;
}

/** An entity, and the relation that the answer needs of it. */
export interface HopSource {
  readonly ref: EntityRef;
  readonly relation: RelationId;
}

/** Adds paragraphs, supporting facts and labels to a draft. */
export function completeHopItem(facts: FactBase, draft: HopDraft, stream: RandomStream): AtlasHopItem {
  const { text, answer, world, gold, type, chain } = draft;
  const refs: readonly [EntityRef, EntityRef] = [gold[0].ref, gold[1].ref];
  const source = { facts, ...draft };
  const goldParagraphs = gold.map(({ ref }) => writeParagraph(source, ref, stream));
  const others = pickDistractors(facts, world, refs, stream).map((ref) => writeParagraph(source, ref, stream));
  const paragraphs = stream
    .shuffle([...goldParagraphs, ...others])
    .map(({ title, sentences }): Paragraph => ({ title, sentences }));
  const supportingFacts = gold.map(({ ref, relation }, index): SupportingFact => {
    const sentence = goldParagraphs[index]?.sentenceOf.get(relation);
    if (sentence === undefined) throw new Error(`internal: no sentence about ${relation} of ${ref.name}`);
    return { title: titleOf(ref.name), sentence };
  });
  const hops = gold.map(
    ({ ref, relation }): Hop => ({ title: titleOf(ref.name), relation, value: world.valueOf(relation, ref.name) }),
  );
  const stated = gold.flatMap(({ ref }, index) =>
    [...(goldParagraphs[index]?.sentenceOf.keys() ?? [])].map(
      (relation): Hop => ({ title: titleOf(ref.name), relation, value: world.valueOf(relation, ref.name) }),
    ),
  );
  const context = contextOf(paragraphs);
  const id = createHash("sha256").update(canonicalJson({ text, context })).digest("hex").slice(0, 24);
  const level = world.kind === "true" ? "medium" : "hard";
  const labels = { class: draft.class, family: draft.family, type, level, world: world.kind, chain } as const;
  return { question: { id, text, context, gold: { answer } }, paragraphs, supportingFacts, hops, stated, labels };
}

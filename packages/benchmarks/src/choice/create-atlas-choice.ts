import { createHash } from "node:crypto";
import { ConfigError, canonicalJson, parseConfig } from "@haps/spec";
import { createFactBase, type FactBase, type TableId } from "../facts/fact-base.ts";
import { CHOICE_LETTERS, choiceText } from "../formats/mmlu-item.ts";
import { createRandomStream, type RandomStream } from "../random-stream.ts";
import type { SplitName } from "../split-name.ts";
import { fillTemplate, inText, sentenceCase } from "../wording.ts";
import { createCounterfactualWorld, createTrueWorld, type World } from "../world.ts";
import type { AtlasChoiceItem } from "./atlas-choice-item.ts";
import {
  type AtlasChoiceOptions,
  atlasChoiceOptionsSchema,
  type ResolvedAtlasChoiceOptions,
} from "./atlas-choice-options.ts";
import { CHOICE_KINDS, type ChoiceKind, STATEMENTS } from "./choice-kinds.ts";
import { type ChoiceDraft, draftChoice } from "./draft-choice.ts";
import { type FactSplits, splitFacts } from "./fact-splits.ts";

/** Draws before a question is given up; draws in one world before the next is made. */
const ATTEMPTS = 4000;
const DRAWS_PER_WORLD = 50;

/** The four-option benchmark: splits that share no text and no chain. */
export interface AtlasChoice {
  readonly id: "atlas-choice";
  readonly options: ResolvedAtlasChoiceOptions;
  readonly train: readonly AtlasChoiceItem[];
  readonly valid: readonly AtlasChoiceItem[];
  readonly test: readonly AtlasChoiceItem[];
  /** Questions to train candidates on, see {@link AtlasChoiceOptions}. */
  readonly pretrain: readonly AtlasChoiceItem[];
}

/**
 * Generates four-option questions over public facts for one role, in MMLU's shape.
 *
 * With facts (the default) the question comes with four sentences in its context, one for each entity in play, half of the
 * time of a counterfactual world: it can be answered by reading. Without, only the true world is asked about.
 *
 * A fact (relation and entity; for the odd one out and for numbers the unordered set of options) belongs to one split,
 * whatever its wording and world. Texts are unique over all splits; every letter is right equally often in each class.
 * Equal options give equal bytes: {@link benchmarkHash}.
 *
 * @throws ConfigError for wrong options, or when a split has not that many different questions.
 *
 * Source: the format of Hendrycks et al., Measuring Massive Multitask Language Understanding (2021).
 *
 * @example
 * ```ts
 * const { test } = createAtlasChoice({ train: 0, valid: 0, test: 8 });
 * console.assert(test.every(({ choices }) => choices.length === 4));
 * ```
 */
export function createAtlasChoice(options: AtlasChoiceOptions = {}): AtlasChoice {
  const resolved = parseConfig("createAtlasChoice", atlasChoiceOptionsSchema, options);
  const facts = createFactBase();
  const splits = splitFacts(facts, resolved.seed);
  const texts = new Set<string>();
  const build = (name: SplitName | "pretrain"): readonly AtlasChoiceItem[] => {
    const plan = { facts, splits, texts, options: resolved, name };
    const items = Array.from({ length: resolved[name] }, (_, index) => makeItem(plan, index));
    return createRandomStream(resolved.seed, `choice/${name}/order`).shuffle(items);
  };
  return {
    id: "atlas-choice",
    options: resolved,
    train: build("train"),
    valid: build("valid"),
    test: build("test"),
    pretrain: build("pretrain"),
  };
}

interface ChoicePlan {
  readonly facts: FactBase;
  readonly splits: FactSplits;
  readonly texts: Set<string>;
  readonly options: ResolvedAtlasChoiceOptions;
  readonly name: SplitName | "pretrain";
}

/** Question `index` is of kind `index mod kinds`; the questions of a kind have their answers at A, B, C, D in turn. */
function makeItem({ facts, splits, texts, options, name }: ChoicePlan, index: number): AtlasChoiceItem {
  const kind = CHOICE_KINDS[index % CHOICE_KINDS.length];
  if (kind === undefined) throw new Error("internal: no such kind");
  const { seed, counterfactual } = options;
  const id = `choice/${name}/${index}`;
  const stream = createRandomStream(seed, `${id}/draw`);
  const isTrue = stream.uniform() >= counterfactual;
  const split = name === "pretrain" ? "train" : name;
  const position = Math.floor(index / CHOICE_KINDS.length) % CHOICE_LETTERS.length;
  let world = createTrueWorld(facts);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (!isTrue && attempt % DRAWS_PER_WORLD === 0) {
      world = createCounterfactualWorld(facts, seed, `${id}/world/${attempt}`);
    }
    const draft = draftChoice(facts, kind, { seed, split, splits, world, stream });
    if (draft === null) continue;
    const values = { x: inText(facts, draft.asked), v: inText(facts, draft.asked) };
    const stem = sentenceCase(fillTemplate(stream.pick(kind.wordings), values));
    const named =
      kind.form === "value" ? [draft.key, ...draft.others].map((one) => world.valueOf(kind.relation, one)) : [];
    const [right = "", ...wrong] = kind.form === "value" ? named : [draft.key, ...draft.others];
    const choices = stream.shuffle(wrong);
    choices.splice(position, 0, right);
    const text = choiceText(stem, choices);
    if (texts.has(text)) continue;
    texts.add(text);
    const context = options.context === "none" ? undefined : [statements(facts, kind, draft, world, stream)];
    const gold = { answer: CHOICE_LETTERS[position] ?? "A" };
    const hash = createHash("sha256").update(canonicalJson({ text, context })).digest("hex").slice(0, 24);
    const question = { id: hash, text, ...(context === undefined ? {} : { context }), gold };
    const labels = { class: kind.id, subject: SUBJECTS[kind.table], world: world.kind, chain: draft.chain };
    return { question, stem, choices, answer: position, labels };
  }
  const problem = `${kind.id} gives no further text after ${index} questions; ask for fewer questions`;
  throw new ConfigError("createAtlasChoice", [{ path: name, message: problem }]);
}

/** The facts of the four entities, one sentence each, in random order. */
function statements(
  facts: FactBase,
  { relation }: ChoiceKind,
  { key, others }: ChoiceDraft,
  world: World,
  stream: RandomStream,
): string {
  const sentences = [key, ...others].map((entity) => {
    const values = { x: inText(facts, entity), v: inText(facts, world.valueOf(relation, entity)) };
    return sentenceCase(fillTemplate(STATEMENTS[relation], values));
  });
  return stream.shuffle(sentences).join(" ");
}

/** MMLU's subject of each table. */
const SUBJECTS: Readonly<Record<TableId, string>> = {
  author: "literature",
  book: "literature",
  city: "geography",
  country: "geography",
  element: "chemistry",
  landmark: "sights",
  language: "languages",
};

import { drawnSplit } from "../drawn-split.ts";
import type { FactBase } from "../facts/fact-base.ts";
import { createRandomStream } from "../random-stream.ts";
import type { SplitName } from "../split-name.ts";
import { fillTemplate, inText, sentenceCase } from "../wording.ts";
import { createCounterfactualWorld, createTrueWorld, type World } from "../world.ts";
import type { HopDraft } from "./atlas-hop-item.ts";
import { comparisonChain } from "./chain-splits.ts";
import type { ComparisonKind } from "./comparison-kinds.ts";

/** Draws before a question is given up; draws in one world before the next is made. */
const ATTEMPTS = 8000;
const DRAWS_PER_WORLD = 200;

/** Where a comparison may come from. */
export interface ComparisonRequest {
  readonly seed: number;
  readonly split: SplitName;
  readonly counterfactual: number;
  /** Name of the question, unique in the benchmark. */
  readonly name: string;
  /** Position among the questions of its kind: even ones are answered by yes or the first entity, odd ones not. */
  readonly index: number;
  /** Texts that are taken; the new one is added. */
  readonly texts: Set<string>;
}

/**
 * Draws a comparison question whose pair belongs to the split and whose text is new; `null` when there is none left.
 *
 * When no pair of the split fits in the true world, counterfactual ones are tried, unless they are switched off.
 */
export function draftComparison(facts: FactBase, kind: ComparisonKind, request: ComparisonRequest): HopDraft | null {
  const { seed, split, counterfactual, name, texts } = request;
  const stream = createRandomStream(seed, `${name}/draw`);
  const truth = createTrueWorld(facts);
  const isTrue = stream.uniform() >= counterfactual;
  const wantsFirst = request.index % 2 === 0;
  let world = truth;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const allowsTrue = counterfactual === 0 || (isTrue && attempt < ATTEMPTS / 2);
    if (allowsTrue) world = truth;
    else if (world === truth || attempt % DRAWS_PER_WORLD === 0) {
      world = createCounterfactualWorld(facts, seed, `${name}/world/${attempt}`);
    }
    const a = stream.pick(facts.entities[kind.table]);
    const b = stream.pick(facts.entities[kind.table]);
    const wording = stream.pick(kind.wordings);
    if (a === b) continue;
    const result = compare(kind, world, a, b, wantsFirst);
    if (result === null) continue;
    const chain = comparisonChain(kind.table, a, b);
    if (drawnSplit(seed, chain) !== split) continue;
    const places = { a: inText(facts, a), b: inText(facts, b), v: inText(facts, result.value) };
    const text = sentenceCase(fillTemplate(wording, places));
    if (texts.has(text)) continue;
    texts.add(text);
    const { relation, table } = kind;
    return {
      text,
      answer: result.answer,
      world,
      gold: [
        { ref: { table, name: a }, relation },
        { ref: { table, name: b }, relation },
      ],
      type: "comparison",
      class: kind.id,
      family: table,
      chain,
    };
  }
  return null;
}

interface ComparisonResult {
  readonly answer: string;
  /** The value that the form `which` asks for. */
  readonly value: string;
}

/** The answer, or `null` when the pair does not fit: it does not differ, or its answer is not the wanted one. */
function compare(
  { form, relation }: ComparisonKind,
  world: World,
  a: string,
  b: string,
  wantsFirst: boolean,
): ComparisonResult | null {
  const [valueA, valueB] = [world.valueOf(relation, a), world.valueOf(relation, b)];
  const isSame = valueA === valueB;
  if (form === "same") return isSame === wantsFirst ? { answer: isSame ? "yes" : "no", value: "" } : null;
  if (isSame) return null;
  const answer = wantsFirst ? a : b;
  if (form === "which") return { answer, value: wantsFirst ? valueA : valueB };
  const isFirst = (form === "more") === Number(valueA) > Number(valueB);
  return isFirst === wantsFirst ? { answer, value: "" } : null;
}

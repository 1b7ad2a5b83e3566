import { HapsError } from "@haps/spec";
import type { LanguageModel } from "../model/language-model.ts";
import type { ModelConfig } from "../model/model-config.ts";
import { type CompletionItem, inputTokens } from "./completion-item.ts";
import { gradientPass, type PartGradient, type PassPart } from "./gradient-pass.ts";
import { type GradientTerm, kindOf } from "./gradient-term.ts";
import { groupByKey, PASS_ROWS, packBatches } from "./pack-batches.ts";
import { runTail, type TailPiece } from "./run-tail.ts";
import { PART_ROWS, type TailActivations, tailActivations } from "./tail-activations.ts";
import { hasSeparateRows, type TailCut, tailCutOf } from "./tail-cut.ts";

/** Rows whose activations are there at once; a term with more goes alone. */
const ACTIVATION_ROWS = 2048;

/** Rows of a term that go through at once, where rows go one by one, if nobody says otherwise. */
export const CHUNK_ROWS = 64;

/** What the tail of terms begins with. */
export interface TailPassesOptions {
  /** Rows of a term on the tape at once, where rows go one by one. */
  readonly chunkRows: number;
  /** By item; checked before. Absent: made here. */
  readonly activations?: readonly TailActivations[] | undefined;
}

/** Gradients of what LoRA weights change, from what lies before it. */
export function* tailPasses(
  operation: string,
  model: LanguageModel,
  terms: readonly GradientTerm[],
  options: TailPassesOptions,
): Generator<readonly PartGradient[]> {
  for (const { cut, pieces, parts } of tailBatches(model, terms, options)) {
    yield gradientPass(operation, model, parts, (rows) => runTail(model, cut, pieces, rows));
  }
}

/** What goes through the tail together. */
export interface TailBatch {
  readonly cut: TailCut;
  readonly pieces: readonly TailPiece[];
  /** Of the pieces, in their order. */
  readonly parts: readonly PassPart[];
}

/** Runs what lies before the tails of terms and cuts these into batches; terms with the same cut go together. */
export function* tailBatches(
  model: LanguageModel,
  terms: readonly GradientTerm[],
  { chunkRows, activations: given }: TailPassesOptions,
): Generator<TailBatch> {
  const { config } = model;
  const spoken = terms
    .filter(({ tokens }) => tokens.length > 0)
    .map((term) => ({ term, cut: cutOf(term, config), rows: activationRows(term, config) }));
  // Neighbours with one prompt share it.
  const byPrompt = groupByKey(spoken, ({ term }) => term.promptTokens.join()).flat();
  const groups = groupByKey(byPrompt, ({ term, cut }) => `${cut.layer} ${cut.fixed} ${kindOf(term)}`);
  for (const members of groups.flatMap((group) => packBatches(group, ({ rows }) => rows, ACTIVATION_ROWS))) {
    const { cut } = members[0] as (typeof members)[number];
    const chosen = members.map(({ term }) => term);
    const activations =
      given === undefined
        ? tailActivations(model, chosen, cut)
        : chosen.map(({ item }) => given[item] as TailActivations);
    const separate = hasSeparateRows(cut, config);
    const pieces = chosen.flatMap((term, place) => {
      const own = activations[place] as TailActivations;
      return piecesOf(term, own, separate ? chunkRows : own.kept);
    });
    for (const batch of batchesOf(pieces)) yield { cut, pieces: batch, parts: batch.map(partOf) };
  }
}

/** Rows that the activations of a term hold, with those of a cache for a long one. */
function activationRows(term: GradientTerm, config: ModelConfig): number {
  const rows = inputTokens(term).length;
  const cut = cutOf(term, config);
  return cut.fixed === "attention" && hasSeparateRows(cut, config) && rows <= PART_ROWS ? term.tokens.length : rows;
}

function cutOf({ lora }: Pick<CompletionItem, "lora">, config: ModelConfig): TailCut {
  return tailCutOf(
    lora.targets.map(({ target }) => target),
    config,
  );
}

interface TermPiece extends TailPiece {
  readonly term: GradientTerm;
  /** Pieces of the term that come before. */
  readonly round: number;
}

/** The n-th pieces of all terms go before any next one: what a pass holds does not grow with the length of a completion. */
function batchesOf(pieces: readonly TermPiece[]): readonly (readonly TermPiece[])[] {
  const rounds: TermPiece[][] = [];
  for (const piece of pieces) {
    if (piece.round === rounds.length) rounds.push([]);
    rounds[piece.round]?.push(piece);
  }
  return rounds.flatMap((round) => packBatches(round, ({ from, to }) => to - from, PASS_ROWS));
}

/** Where a completion is cut depends on nothing but itself. */
function piecesOf(term: GradientTerm, activations: TailActivations, length: number): TermPiece[] {
  const pieces: TermPiece[] = [];
  for (let from = 0; from < activations.kept; from += length) {
    const to = Math.min(from + length, activations.kept);
    pieces.push({ term, activations, from, to, round: pieces.length });
  }
  return pieces;
}

function partOf({ activations, from, to, term }: TermPiece): PassPart {
  const predicting = term.promptTokens.length - 1 - activations.first; // first row that predicts
  const begin = Math.max(from, predicting);
  return {
    item: term.item,
    lora: term.lora,
    rows: to - from,
    firstPredicting: begin - from,
    targets: term.tokens.slice(begin - predicting, to - predicting),
    offset: begin - predicting,
    filter: term.filter,
    hasWeight: term.hasWeight,
  };
}

/**
 * Checks that activations are those of items.
 *
 * @throws HapsError code `state`, naming the item.
 */
export function checkActivations(
  operation: string,
  items: readonly CompletionItem[],
  given: readonly TailActivations[],
  config: ModelConfig,
): void {
  if (given.length !== items.length) {
    throw new HapsError(
      "state",
      `${operation}: ${given.length} activations for ${items.length} items; give one per item, in order`,
      { activations: given.length, items: items.length },
    );
  }
  items.forEach((item, index) => {
    const { cut, inputs } = given[index] as TailActivations;
    const { layer, fixed } = cutOf(item, config);
    const expected = inputTokens(item);
    const fits = cut.layer === layer && cut.fixed === fixed && inputs.length === expected.length;
    if (fits && expected.every((token, position) => token === inputs[position])) return;
    const cutNames = `layer ${cut.layer} with ${cut.fixed} fixed; expected layer ${layer} with ${fixed} fixed`;
    throw new HapsError(
      "state",
      `${operation}: the activations of item ${index} are of ${inputs.length} tokens at ${cutNames} and the item's own ${expected.length} tokens; make them for this item`,
      { item: index, cut, expected: { layer, fixed } },
    );
  });
}

import { HapsError } from "@haps/spec";
import type { LanguageModel } from "../model/language-model.ts";
import { type CompletionItem, inputTokens } from "./completion-item.ts";
import { gradientPass, type PartGradient, type PassPart } from "./gradient-pass.ts";
import { PASS_ROWS, packBatches } from "./pack-batches.ts";
import { runTail, type TailPiece } from "./run-tail.ts";
import { type TailActivations, tailActivations } from "./tail-activations.ts";
import { hasSeparateRows, type TailCut, tailCutOf } from "./tail-cut.ts";

/** Rows whose activations are there at once; an item with more goes alone. */
const ACTIVATION_ROWS = 2048;

/** Gradients of what LoRA weights change, from what lies before it; items with the same cut go together. */
export function* tailPasses(
  operation: string,
  model: LanguageModel,
  items: readonly CompletionItem[],
  chunkRows: number,
  given: readonly TailActivations[] | undefined,
): Generator<readonly PartGradient[]> {
  const cuts = items.map(({ lora }) =>
    tailCutOf(
      lora.targets.map(({ target }) => target),
      model.config,
    ),
  );
  if (given !== undefined) checkActivations(operation, items, cuts, given);
  const groups = new Map<string, number[]>();
  items.forEach(({ tokens }, index) => {
    if (tokens.length === 0) return;
    const { layer, fixed } = cuts[index] as TailCut;
    const key = `${layer} ${fixed}`;
    groups.set(key, [...(groups.get(key) ?? []), index]);
  });
  const rowsOf = (index: number): number => inputTokens(items[index] as CompletionItem).length;
  for (const members of [...groups.values()].flatMap((group) => packBatches(group, rowsOf, ACTIVATION_ROWS))) {
    const cut = cuts[members[0] as number] as TailCut;
    const chosen = members.map((index) => items[index] as CompletionItem);
    const activations =
      given === undefined
        ? tailActivations(model, chosen, cut)
        : members.map((index) => given[index] as TailActivations);
    const separate = hasSeparateRows(cut, model.config);
    const pieces = members.flatMap((item, place) => {
      const own = activations[place] as TailActivations;
      return piecesOf(item, own, separate ? chunkRows : own.kept);
    });
    for (const batch of batchesOf(pieces)) {
      const parts = batch.map((piece) => partOf(piece, items[piece.item] as CompletionItem));
      yield gradientPass(operation, model, parts, (rows) => runTail(model, cut, batch, rows));
    }
  }
}

interface NumberedPiece extends TailPiece {
  readonly item: number;
  /** Pieces of the item that come before. */
  readonly round: number;
}

/** The n-th pieces of all items go before any next one: what a pass holds does not grow with the length of a completion. */
function batchesOf(pieces: readonly NumberedPiece[]): readonly (readonly NumberedPiece[])[] {
  const rounds: NumberedPiece[][] = [];
  for (const piece of pieces) {
    if (piece.round === rounds.length) rounds.push([]);
    rounds[piece.round]?.push(piece);
  }
  return rounds.flatMap((round) => packBatches(round, ({ from, to }) => to - from, PASS_ROWS));
}

/** Where a completion is cut depends on nothing but itself. */
function piecesOf(item: number, activations: TailActivations, length: number): NumberedPiece[] {
  const pieces: NumberedPiece[] = [];
  for (let from = 0; from < activations.kept; from += length) {
    const to = Math.min(from + length, activations.kept);
    pieces.push({ item, activations, from, to, round: pieces.length });
  }
  return pieces;
}

function partOf({ activations, from, to, item: index }: NumberedPiece, item: CompletionItem): PassPart {
  const predicting = item.promptTokens.length - 1 - activations.first; // first row that predicts
  const begin = Math.max(from, predicting);
  return {
    item: index,
    lora: item.lora,
    rows: to - from,
    firstPredicting: begin - from,
    targets: item.tokens.slice(begin - predicting, to - predicting),
    offset: begin - predicting,
  };
}

function checkActivations(
  operation: string,
  items: readonly CompletionItem[],
  cuts: readonly TailCut[],
  given: readonly TailActivations[],
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
    const { layer, fixed } = cuts[index] as TailCut;
    const expected = inputTokens(item);
    const fits = cut.layer === layer && cut.fixed === fixed && inputs.length === expected.length;
    if (fits && expected.every((token, position) => token === inputs[position])) return;
    const cutNames = `layer ${cut.layer} with ${cut.fixed} fixed; expected layer ${layer} with ${fixed} fixed`;
    throw new HapsError(
      "state",
      `${operation}: the activations of item ${index} are of ${inputs.length} tokens at ${cutNames} and the item's own ${expected.length} tokens; make them for this item`,
      { item: index, cut, expected: cuts[index] },
    );
  });
}

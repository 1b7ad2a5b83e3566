import { packSequences } from "../decoder/decoder-rows.ts";
import { embedTokens, runLayers } from "../decoder/run-decoder.ts";
import type { LanguageModel } from "../model/language-model.ts";
import { inputTokens } from "./completion-item.ts";
import { gradientPass, type PartGradient, type PassPart, pickRows } from "./gradient-pass.ts";
import { type GradientTerm, kindOf } from "./gradient-term.ts";
import { groupByKey, PASS_ROWS, packBatches } from "./pack-batches.ts";

/** Gradients by whole sequences through all layers, everything on the tape. */
export function* fullPasses(
  operation: string,
  model: LanguageModel,
  terms: readonly GradientTerm[],
): Generator<readonly PartGradient[]> {
  const sequences = terms
    .filter(({ tokens }) => tokens.length > 0)
    .map((term) => ({ term, inputs: inputTokens(term) }));
  const groups = groupByKey(sequences, ({ term }) => kindOf(term));
  for (const batch of groups.flatMap((group) => packBatches(group, ({ inputs }) => inputs.length, PASS_ROWS))) {
    const parts = batch.map(
      ({ term: { item, lora, promptTokens, tokens, filter, hasWeight }, inputs }): PassPart => ({
        item,
        lora,
        rows: inputs.length,
        firstPredicting: promptTokens.length - 1,
        targets: tokens,
        offset: 0,
        filter,
        hasWeight,
      }),
    );
    const { tokens, positions, segments } = packSequences(batch.map(({ inputs }) => inputs));
    yield gradientPass(operation, model, parts, ({ lora, predicting }) =>
      pickRows(runLayers(model, embedTokens(model, tokens), { positions, segments, lora }), predicting),
    );
  }
}

import { packSequences } from "../decoder/decoder-rows.ts";
import { embedTokens, runLayers } from "../decoder/run-decoder.ts";
import type { LanguageModel } from "../model/language-model.ts";
import { type CompletionItem, inputTokens } from "./completion-item.ts";
import { gradientPass, type PartGradient, type PassPart, pickRows } from "./gradient-pass.ts";
import { PASS_ROWS, packBatches } from "./pack-batches.ts";

/** Gradients by whole sequences through all layers, everything on the tape. */
export function* fullPasses(
  operation: string,
  model: LanguageModel,
  items: readonly CompletionItem[],
): Generator<readonly PartGradient[]> {
  const sequences = items.flatMap((item, index) => {
    const inputs = inputTokens(item);
    return inputs.length === 0 ? [] : [{ index, item, inputs }];
  });
  for (const batch of packBatches(sequences, ({ inputs }) => inputs.length, PASS_ROWS)) {
    const parts = batch.map(
      ({ index, item, inputs }): PassPart => ({
        item: index,
        lora: item.lora,
        rows: inputs.length,
        firstPredicting: item.promptTokens.length - 1,
        targets: item.tokens,
        offset: 0,
      }),
    );
    const { tokens, positions, segments } = packSequences(batch.map(({ inputs }) => inputs));
    yield gradientPass(operation, model, parts, ({ lora, predicting }) =>
      pickRows(runLayers(model, embedTokens(model, tokens), { positions, segments, lora }), predicting),
    );
  }
}

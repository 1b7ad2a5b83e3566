import type { AttentionSegment } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { cutSegments } from "../decoder/cut-segments.ts";
import { attendRows, finishLayer, type LayerRun, projectAttention } from "../decoder/decoder-layer.ts";
import { ropeFrequencies } from "../decoder/rope-frequencies.ts";
import { runLayers } from "../decoder/run-decoder.ts";
import type { LanguageModel } from "../model/language-model.ts";
import { type PassRows, pickRows } from "./gradient-pass.ts";
import type { TailActivations } from "./tail-activations.ts";
import type { TailCut } from "./tail-cut.ts";

/** Some of the rows that activations keep. */
export interface TailPiece {
  readonly activations: TailActivations;
  /** First of its rows. */
  readonly from: number;
  /** Row before which to stop. */
  readonly to: number;
}

/**
 * Runs pieces from a cut to the last layer, differentiable in the LoRA factors.
 *
 * @returns Rows that predict, before the final norm, `[predicting, dim]`.
 */
export function runTail(
  model: LanguageModel,
  cut: TailCut,
  pieces: readonly TailPiece[],
  { lora, predicting, predictingLora }: PassRows,
): tf.Tensor2D {
  const last = model.config.layers - 1;
  let start = 0;
  const segments = pieces.map(({ from, to }): AttentionSegment => {
    const segment = { start, length: to - from };
    start += segment.length;
    return segment;
  });
  const run: LayerRun = {
    positions: pieces.flatMap(({ activations: { first }, from, to }) =>
      Array.from({ length: to - from }, (_, row) => first + from + row),
    ),
    segments,
    lora,
    layer: cut.layer,
    frequencies: ropeFrequencies(model.config),
  };
  let x = rowsOf(pieces, ({ rows }) => rows);
  let layer = cut.layer;
  if (cut.fixed === "attention") {
    x = finishLayer(
      model,
      x,
      rowsOf(pieces, ({ mixed }) => mixed as Float32Array),
      run,
    );
    layer += 1;
  }
  if (layer > last) return x; // rows go one by one, and all of them predict
  if (layer < last) x = runLayers(model, x, { ...run, from: layer, to: last });
  // Nobody reads what the last layer makes of the other rows.
  const asking = cutSegments(segments, predicting);
  const past = (_: number, index: number): AttentionSegment["past"] => {
    const { activations, from } = pieces[asking.origin[index] as number] as TailPiece;
    return activations.keyValues && { ...activations.keyValues, length: activations.first + from };
  };
  const end: LayerRun = { ...run, layer: last, segments: asking.segments, past };
  const mixed = attendRows(model, projectAttention(model, x, end), end);
  return finishLayer(model, pickRows(x, predicting), pickRows(mixed, predicting), { ...end, lora: predictingLora });
}

/** Rows of all pieces, one after another. */
function rowsOf(pieces: readonly TailPiece[], arrayOf: (activations: TailActivations) => Float32Array): tf.Tensor2D {
  const parts = pieces.map(({ activations, from, to }) => {
    const array = arrayOf(activations);
    const width = array.length / activations.kept;
    return array.subarray(from * width, to * width);
  });
  const values = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part, at);
    at += part.length;
  }
  const rows = pieces.reduce((sum, { from, to }) => sum + to - from, 0);
  return tf.tensor2d(values, [rows, values.length / rows]);
}

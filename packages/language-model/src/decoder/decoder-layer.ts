import type { LoraTarget } from "@haps/spec";
import {
  type AttentionSegment,
  addLowRank,
  dense,
  rmsNorm,
  ropeRows,
  segmentAttention,
  swigluPair,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { LanguageModel } from "../model/language-model.ts";
import { attentionWidths, layerNames } from "../model/parameter-layout.ts";
import type { RunLayersOptions } from "./run-decoder.ts";

/** One layer of a run; its three steps may be taken one by one where some rows need not go through all of them. */
export interface LayerRun extends RunLayersOptions {
  readonly layer: number;
  /** As `ropeFrequencies` makes them. */
  readonly frequencies: Float64Array;
}

/**
 * First step: query, key and value side by side after the rotation, `[rows, (heads + 2 keyValueHeads) headDim]`; the caller owns
 * them. `segments` do not matter yet.
 */
export function projectAttention(model: LanguageModel, x: tf.Tensor2D, run: LayerRun): tf.Tensor2D {
  const { config } = model;
  const names = layerNames(run.layer);
  const { query, key } = attentionWidths(config);
  return tf.tidy(() => {
    const normed = normRows(model, x, names.attentionNorm);
    const projected = updated(run, normed, affine(model, normed, names.attention), { q: 0, k: query, v: query + key });
    return ropeRows(projected, {
      headDim: config.headDim,
      heads: config.heads + config.keyValueHeads,
      positions: run.positions,
      frequencies: run.frequencies,
    });
  });
}

/** Second step: what the heads gather for each row, `[rows, heads headDim]`, before the output projection; the caller owns it. */
export function attendRows(model: LanguageModel, fused: tf.Tensor2D, run: LayerRun): tf.Tensor2D {
  const { heads, keyValueHeads, slidingWindow } = model.config;
  return segmentAttention(fused, {
    heads,
    keyValueHeads,
    segments: segmentsOf(run),
    ...(slidingWindow === undefined ? {} : { window: slidingWindow }),
  });
}

/**
 * Third step: output projection and feed-forward layer, each with its residual; every row by itself.
 *
 * @param x - What the layer began with, `[rows, dim]`.
 * @param mixed - What {@link attendRows} gave for these rows.
 * @returns `[rows, dim]`; the caller owns it.
 */
export function finishLayer(model: LanguageModel, x: tf.Tensor2D, mixed: tf.Tensor2D, run: LayerRun): tf.Tensor2D {
  const names = layerNames(run.layer);
  return tf.tidy(() => {
    const attended: tf.Tensor2D = tf.add(x, updated(run, mixed, affine(model, mixed, names.output), { o: 0 }));
    const inner = normRows(model, attended, names.mlpNorm);
    const gates = updated(run, inner, affine(model, inner, names.gateUp), { gate: 0, up: model.config.hidden });
    const active = swigluPair(gates);
    return tf.add<tf.Tensor2D>(attended, updated(run, active, affine(model, active, names.down), { down: 0 }));
  });
}

/** RMS norm of rows with one of the model's gains; the caller owns the result. */
export function normRows(model: LanguageModel, x: tf.Tensor2D, name: string): tf.Tensor2D {
  return rmsNorm(x, weightOf<tf.Tensor1D>(model, name), { epsilon: model.config.normEpsilon }) as tf.Tensor2D;
}

/** A variable at the rank that the layout gives it. */
export function weightOf<T extends tf.Tensor>(model: LanguageModel, name: string): T {
  return model.variables.get(name) as tf.Tensor as T;
}

function segmentsOf({ segments, past, layer }: LayerRun): readonly AttentionSegment[] {
  if (past === undefined) return segments;
  return segments.map((segment, index) => {
    const before = past(layer, index);
    return before === undefined ? segment : { ...segment, past: before };
  });
}

/** Adds the low-rank updates of the projections that read `x`; `columns` says where each projection begins in `base`. */
function updated(
  { lora, layer }: LayerRun,
  x: tf.Tensor2D,
  base: tf.Tensor2D,
  columns: Readonly<Partial<Record<LoraTarget["projection"], number>>>,
): tf.Tensor2D {
  let sum = base;
  for (const { factors, sampleOf } of lora ?? []) {
    for (const { target, down, up } of factors.targets) {
      const column = target.layer === layer ? columns[target.projection] : undefined;
      if (column !== undefined) sum = addLowRank(sum, x, { down, up, scale: factors.scale, sampleOf, column });
    }
  }
  return sum;
}

function affine(model: LanguageModel, x: tf.Tensor2D, prefix: string): tf.Tensor2D {
  const bias = `${prefix}/bias`;
  const kernel = weightOf<tf.Tensor2D>(model, `${prefix}/kernel`);
  return model.variables.has(bias) ? dense(x, kernel, weightOf<tf.Tensor1D>(model, bias)) : dense(x, kernel);
}

import { HapsError, type LoraWeights } from "@haps/spec";
import {
  createVariables,
  embedding,
  type Gradients,
  type LoraTensors,
  lossAndGradients,
  type NamedVariables,
  softmaxCrossEntropy,
  tidyValue,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { LoraRows } from "../decoder/lora-rows.ts";
import { type LoraSamples, loraSamplesOf } from "../decoder/lora-samples.ts";
import { finalNorm, logitsOf } from "../decoder/run-decoder.ts";
import type { TokenFilter } from "../generation/token-distribution.ts";
import type { LanguageModel } from "../model/language-model.ts";
import { sampledCrossEntropy } from "./sampled-cross-entropy.ts";

/** A piece of one completion in a pass over several. */
export interface PassPart {
  /** Index of the item. */
  readonly item: number;
  readonly lora: LoraWeights;
  /** Rows of the pass that belong to it, one after another. */
  readonly rows: number;
  /** Those among them that predict, from here to the last. */
  readonly firstPredicting: number;
  /** What they are to predict. */
  readonly targets: readonly number[];
  /** Place of the first of these in the completion. */
  readonly offset: number;
  /** What they were drawn with, for their likelihood under that; all parts of a pass have it, or none. */
  readonly filter?: TokenFilter | undefined;
  /** Whether slopes are asked for; of all parts of a pass, or of none. */
  readonly hasWeight: boolean;
}

/** What one pass adds to one item. */
export interface PartGradient {
  readonly item: number;
  readonly logLikelihood: number;
  /** Gradient of the log-likelihood, per target of the item's weights. */
  readonly targets: readonly { readonly down: Float32Array; readonly up: Float32Array }[];
}

/** The rows of a pass that predict, and how LoRA weights stand to rows. */
export interface PassRows {
  /** Of all rows of the pass. */
  readonly lora: readonly LoraRows[];
  /** Rows that predict, in order. */
  readonly predicting: Int32Array;
  /** Of those alone. */
  readonly predictingLora: readonly LoraRows[];
}

/**
 * Log-likelihoods and gradients of the parts of one pass.
 *
 * @param hiddenOf - Rows that predict, before the final norm, `[predicting, dim]`; runs on the tape.
 * @throws HapsError code `non-finite`, naming item and token, or the items and the factor.
 */
export function gradientPass(
  operation: string,
  model: LanguageModel,
  parts: readonly PassPart[],
  hiddenOf: (rows: PassRows) => tf.Tensor2D,
): readonly PartGradient[] {
  const samples = loraSamplesOf(
    parts.map(({ lora }) => lora),
    model.config,
  );
  const variables = factorVariables(samples);
  const isConstant = variables.size === 0 || parts[0]?.hasWeight === false;
  let losses: Float32Array = new Float32Array(0);
  const loss = (): tf.Scalar => {
    const hidden = hiddenOf(passRows(parts, samples, (group) => variableFactors(samples, variables, group)));
    const each = crossEntropies(logitsOf(model, finalNorm(model, hidden)), parts);
    losses = each.dataSync<"float32">();
    checkLosses(operation, parts, losses);
    return tf.sum(each);
  };
  try {
    const gradients: Gradients = isConstant ? new Map() : gradientsOf(operation, parts, variables, loss);
    if (isConstant) tidyValue(loss);
    return partGradients(parts, samples, losses, gradients);
  } finally {
    variables.dispose();
  }
}

/** Negative log-likelihood of each target, `[predicting]`. */
function crossEntropies(logits: tf.Tensor2D, parts: readonly PassPart[]): tf.Tensor {
  if (parts[0]?.filter === undefined) {
    const targets = tf.tensor1d(
      parts.flatMap((part) => part.targets),
      "int32",
    );
    return softmaxCrossEntropy(logits, targets, { reduction: "none" });
  }
  return sampledCrossEntropy(
    logits,
    parts.flatMap(({ targets, filter }) => targets.map((token) => ({ token, filter: filter as TokenFilter }))),
  );
}

/** The factors as variables, by group and target; frees the tensors that they are made from. */
function factorVariables(samples: readonly LoraSamples[]): NamedVariables {
  const named = samples.flatMap(({ factors }, group) =>
    factors.targets.flatMap(({ down, up }, index): [string, tf.Tensor][] => [
      [nameOf(group, index, "down"), down],
      [nameOf(group, index, "up"), up],
    ]),
  );
  try {
    return createVariables(named);
  } finally {
    tf.dispose(named.map(([, tensor]) => tensor));
  }
}

function nameOf(group: number, target: number, factor: "down" | "up"): string {
  return `${group}/${target}/${factor}`;
}

function variableFactors(samples: readonly LoraSamples[], variables: NamedVariables, group: number): LoraTensors {
  const { scale, targets } = (samples[group] as LoraSamples).factors;
  return {
    scale,
    targets: targets.map(({ target }, index) => ({
      target,
      down: variables.get(nameOf(group, index, "down")) as tf.Tensor as tf.Tensor3D,
      up: variables.get(nameOf(group, index, "up")) as tf.Tensor as tf.Tensor3D,
    })),
  };
}

/**
 * Which rows of a pass predict, and which samples of their LoRA weights the rows have.
 *
 * @param factorsOf - The tensors to use, by group.
 */
export function passRows(
  parts: readonly PassPart[],
  samples: readonly LoraSamples[],
  factorsOf: (group: number) => LoraTensors,
): PassRows {
  const predicting: number[] = [];
  let start = 0;
  for (const { rows, firstPredicting } of parts) {
    for (let row = firstPredicting; row < rows; row += 1) predicting.push(start + row);
    start += rows;
  }
  const loraOf = (rowsOf: (part: PassPart) => number): readonly LoraRows[] =>
    samples.map(({ sampleOf }, group) => ({
      factors: factorsOf(group),
      sampleOf: parts.flatMap((part, index) => new Array<number>(rowsOf(part)).fill(sampleOf[index] as number)),
    }));
  return {
    lora: loraOf(({ rows }) => rows),
    predicting: Int32Array.from(predicting),
    predictingLora: loraOf(({ targets }) => targets.length),
  };
}

function checkLosses(operation: string, parts: readonly PassPart[], losses: Float32Array): void {
  let row = 0;
  for (const { item, targets, offset, filter } of parts) {
    for (let place = 0; place < targets.length; place += 1, row += 1) {
      if (Number.isFinite(losses[row])) continue;
      const token = offset + place;
      if (filter !== undefined) {
        throw new HapsError(
          "data",
          `${operation}: token ${token} of item ${item}, ${targets[place]}, is none that its decoding keeps; give the decoding and the LoRA weights that it was sampled with`,
          { item, token, id: targets[place] },
        );
      }
      throw new HapsError(
        "non-finite",
        `${operation}: the log-likelihood of token ${token} of item ${item} is ${-(losses[row] as number)}; expected finite numbers; check the scale of its LoRA weights`,
        { item, token },
      );
    }
  }
}

function gradientsOf(
  operation: string,
  parts: readonly PassPart[],
  variables: NamedVariables,
  loss: () => tf.Scalar,
): Gradients {
  try {
    return lossAndGradients(variables, loss).gradients;
  } catch (error) {
    if (!HapsError.isInstance(error) || error.code !== "non-finite" || "item" in error.facts) throw error;
    const items = [...new Set(parts.map(({ item }) => item))];
    throw new HapsError(
      "non-finite",
      `${operation}: a gradient of items ${items.join(", ")} is not finite; check the scales of their LoRA weights, or ask for one at a time`,
      { items },
      { cause: error },
    );
  }
}

function partGradients(
  parts: readonly PassPart[],
  samples: readonly LoraSamples[],
  losses: Float32Array,
  gradients: Gradients,
): readonly PartGradient[] {
  let row = 0;
  return parts.map(({ item, lora, targets: predicted }, index) => {
    let logLikelihood = 0;
    for (const end = row + predicted.length; row < end; row += 1) logLikelihood -= losses[row] as number;
    const group = samples.findIndex(({ sampleOf }) => (sampleOf[index] as number) >= 0);
    const sample = samples[group]?.sampleOf[index] as number;
    const targets = lora.targets.map(({ down, up }, target) => {
      const slopes = (factor: "down" | "up", size: number): Float32Array => {
        const all = gradients.get(nameOf(group, target, factor));
        const own = new Float32Array(size);
        // What the loss is a descent of is the negative log-likelihood.
        if (all !== undefined) for (let at = 0; at < size; at += 1) own[at] = 0 - (all[sample * size + at] as number);
        return own;
      };
      return { down: slopes("down", down.length), up: slopes("up", up.length) };
    });
    return { item, logLikelihood, targets };
  });
}

/** Picks rows, with a gradient that every backend has; the rows themselves where all are picked. */
export function pickRows(x: tf.Tensor2D, rows: Int32Array): tf.Tensor2D {
  return rows.length === x.shape[0] ? x : (embedding(x, tf.tensor1d(rows, "int32")) as tf.Tensor2D);
}

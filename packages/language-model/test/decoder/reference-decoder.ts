import type { LoraWeights } from "@haps/spec";
import type { LanguageModel, ModelConfig } from "../../src/index.ts";

type Matrix = readonly (readonly number[])[];

/**
 * A decoder in float64 on plain arrays, written from the formulas of the papers and token by token: the oracle of the packed one.
 *
 * LoRA is merged into the weights. Returns the logits of every position.
 */
export function referenceLogits(model: LanguageModel, tokens: readonly number[], lora?: LoraWeights): number[][] {
  const { config } = model;
  const embedding = matrixOf(model, "embedding");
  let states = tokens.map((token) => [...(embedding[token] as readonly number[])]);
  for (let layer = 0; layer < config.layers; layer += 1) states = referenceLayer(model, layer, states, lora);
  const head = config.tiedEmbeddings ? transposed(embedding) : matrixOf(model, "head/kernel");
  const gain = vectorOf(model, "norm/gain");
  return states.map((state) => times(rms(state, gain, config.normEpsilon), head));
}

/** Residual stream after one layer, `[tokens][dim]`. */
export function referenceLayer(model: LanguageModel, layer: number, states: Matrix, lora?: LoraWeights): number[][] {
  const { config } = model;
  const { dim, hidden, heads, headDim, keyValueHeads } = config;
  const name = (part: string) => `layers/${layer}/${part}`;
  const kernel = (part: string) => matrixOf(model, name(`${part}/kernel`));
  const [queries, keys] = [heads * headDim, keyValueHeads * headDim];
  const attention = kernel("attention");
  const bias = (part: string) =>
    model.variables.has(name(`${part}/bias`)) ? vectorOf(model, name(`${part}/bias`)) : null;
  const project = (part: string, projection: string, whole: Matrix, from: number, width: number) => {
    const own = merged(columnsOf(whole, from, width), layer, projection, lora);
    const offset = bias(part)?.slice(from, from + width);
    return (state: readonly number[]) => plus(times(state, own), offset);
  };
  const toQuery = project("attention", "q", attention, 0, queries);
  const toKey = project("attention", "k", attention, queries, keys);
  const toValue = project("attention", "v", attention, queries + keys, keys);
  const toOutput = project("output", "o", kernel("output"), 0, dim);
  const toGate = project("gate-up", "gate", kernel("gate-up"), 0, hidden);
  const toUp = project("gate-up", "up", kernel("gate-up"), hidden, hidden);
  const toDown = project("down", "down", kernel("down"), 0, dim);
  const attentionGain = vectorOf(model, name("attention-norm/gain"));
  const mlpGain = vectorOf(model, name("mlp-norm/gain"));

  const normed = states.map((state) => rms(state, attentionGain, config.normEpsilon));
  const query = normed.map((state, position) => rotated(toQuery(state), position, config));
  const key = normed.map((state, position) => rotated(toKey(state), position, config));
  const value = normed.map(toValue);
  return states.map((state, position) => {
    const mixed = Array.from({ length: heads }, (_, head) => {
      const group = Math.floor(head / (heads / keyValueHeads));
      const part = (rows: Matrix, row: number, of: number) =>
        (rows[row] as number[]).slice(of * headDim, (of + 1) * headDim);
      const first = Math.max(0, position + 1 - (config.slidingWindow ?? position + 1));
      const seen = Array.from({ length: position + 1 - first }, (_entry, index) => first + index);
      const scores = seen.map((row) => dot(part(query, position, head), part(key, row, group)) / Math.sqrt(headDim));
      const top = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - top));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return Array.from({ length: headDim }, (_entry, column) =>
        seen.reduce(
          (sum, row, index) => sum + ((weights[index] as number) / total) * (part(value, row, group)[column] as number),
          0,
        ),
      );
    }).flat();
    const attended = plus(state, toOutput(mixed));
    const inner = rms(attended, mlpGain, config.normEpsilon);
    const up = toUp(inner);
    const active = toGate(inner).map((gate, index) => (gate / (1 + Math.exp(-gate))) * (up[index] as number));
    return plus(attended, toDown(active));
  });
}

/** `log softmax` of logits in float64. */
export function referenceLogSoftmax(logits: readonly number[]): number[] {
  const top = Math.max(...logits);
  const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0)) + top;
  return logits.map((logit) => logit - total);
}

/** Llama 3.1: low frequencies divided by the factor, high ones kept, those between blended. */
export function referenceFrequency(pair: number, config: ModelConfig): number {
  const frequency = 1 / config.ropeBase ** ((2 * pair) / config.headDim);
  const scaling = config.ropeScaling;
  if (scaling === undefined) return frequency;
  const wavelength = (2 * Math.PI) / frequency;
  if (wavelength < scaling.originalContext / scaling.highFrequencyFactor) return frequency;
  if (wavelength > scaling.originalContext / scaling.lowFrequencyFactor) return frequency / scaling.factor;
  const smooth =
    (scaling.originalContext / wavelength - scaling.lowFrequencyFactor) /
    (scaling.highFrequencyFactor - scaling.lowFrequencyFactor);
  return ((1 - smooth) * frequency) / scaling.factor + smooth * frequency;
}

/** `W + scale (up down)ᵀ`, W being `[in, out]`. */
function merged(kernel: Matrix, layer: number, projection: string, lora?: LoraWeights): Matrix {
  const found = lora?.targets.find(({ target }) => target.layer === layer && target.projection === projection);
  if (found === undefined || lora === undefined) return kernel;
  const { rank, in: inputs } = found.target;
  return kernel.map((row, input) =>
    row.map((weight, output) => {
      let update = 0;
      for (let index = 0; index < rank; index += 1) {
        update += (found.up[output * rank + index] as number) * (found.down[index * inputs + input] as number);
      }
      return weight + lora.scale * update;
    }),
  );
}

/** Turns the pairs (i, i + headDim / 2) of each head. */
function rotated(row: readonly number[], position: number, config: ModelConfig): number[] {
  const half = config.headDim / 2;
  return row.map((entry, index) => {
    const within = index % config.headDim;
    const angle = position * referenceFrequency(within % half, config);
    return within < half
      ? entry * Math.cos(angle) - (row[index + half] as number) * Math.sin(angle)
      : entry * Math.cos(angle) + (row[index - half] as number) * Math.sin(angle);
  });
}

function rms(row: readonly number[], gain: readonly number[], epsilon: number): number[] {
  const inverse = 1 / Math.sqrt(dot(row, row) / row.length + epsilon);
  return row.map((entry, index) => entry * inverse * (gain[index] as number));
}

function times(row: readonly number[], kernel: Matrix): number[] {
  return Array.from({ length: (kernel[0] as readonly number[]).length }, (_, column) =>
    row.reduce((sum, entry, index) => sum + entry * (kernel[index]?.[column] as number), 0),
  );
}

function plus(row: readonly number[], other: readonly number[] | undefined | null): number[] {
  return row.map((entry, index) => entry + (other?.[index] ?? 0));
}

function dot(first: readonly number[], second: readonly number[]): number {
  return first.reduce((sum, entry, index) => sum + entry * (second[index] as number), 0);
}

function columnsOf(matrix: Matrix, from: number, width: number): Matrix {
  return matrix.map((row) => row.slice(from, from + width));
}

function transposed(matrix: Matrix): Matrix {
  return (matrix[0] as readonly number[]).map((_, column) => matrix.map((row) => row[column] as number));
}

function vectorOf(model: LanguageModel, name: string): number[] {
  return [...model.variables.get(name).dataSync()];
}

function matrixOf(model: LanguageModel, name: string): Matrix {
  const values = vectorOf(model, name);
  const [rows, columns] = model.variables.get(name).shape as [number, number];
  return Array.from({ length: rows }, (_, row) => values.slice(row * columns, (row + 1) * columns));
}

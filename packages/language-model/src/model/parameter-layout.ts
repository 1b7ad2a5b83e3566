import type { ModelConfig } from "./model-config.ts";

/** Shape of one parameter. */
export type ParameterShape = readonly [name: string, shape: readonly number[]];

/** Widths of query, key and value inside the fused projection, in this order. */
export function attentionWidths(config: ModelConfig): {
  readonly query: number;
  readonly key: number;
  readonly fused: number;
} {
  const query = config.heads * config.headDim;
  const key = config.keyValueHeads * config.headDim;
  return { query, key, fused: query + 2 * key };
}

/** Variable names of one layer. */
export function layerNames(layer: number) {
  const prefix = `layers/${layer}`;
  return {
    attentionNorm: `${prefix}/attention-norm/gain`,
    /** Query, key and value side by side: one product in place of three. */
    attention: `${prefix}/attention`,
    output: `${prefix}/output`,
    mlpNorm: `${prefix}/mlp-norm/gain`,
    /** Gate and up side by side. */
    gateUp: `${prefix}/gate-up`,
    down: `${prefix}/down`,
  } as const;
}

/** Names outside the layers. */
export const EMBEDDING = "embedding";
export const FINAL_NORM = "norm/gain";
export const HEAD = "head/kernel";

/**
 * Every parameter of a decoder with its shape, in the order of computation.
 *
 * Kernels are `[in, out]`, so that a product needs no transpose, and projections of one input lie side by side.
 */
export function parameterLayout(config: ModelConfig): readonly ParameterShape[] {
  const { dim, hidden, vocabulary } = config;
  const { query, fused } = attentionWidths(config);
  const affine = (prefix: string, inputs: number, outputs: number, bias: boolean): ParameterShape[] => [
    [`${prefix}/kernel`, [inputs, outputs]],
    ...(bias ? [[`${prefix}/bias`, [outputs]] as const] : []),
  ];
  const layers = Array.from({ length: config.layers }, (_, layer): ParameterShape[] => {
    const names = layerNames(layer);
    return [
      [names.attentionNorm, [dim]],
      ...affine(names.attention, dim, fused, config.attentionBias),
      ...affine(names.output, query, dim, config.outputBias),
      [names.mlpNorm, [dim]],
      ...affine(names.gateUp, dim, 2 * hidden, config.mlpBias),
      ...affine(names.down, hidden, dim, config.mlpBias),
    ];
  });
  return [
    [EMBEDDING, [vocabulary, dim]],
    ...layers.flat(),
    [FINAL_NORM, [dim]],
    ...(config.tiedEmbeddings ? [] : [[HEAD, [dim, vocabulary]] as const]),
  ];
}

/** Numbers that a model of this shape has; quick for whatever sizes, so that it can be asked about shapes that no machine holds. */
export function countParameters(config: ModelConfig): number {
  const numbersOf = (layers: number): number =>
    parameterLayout({ ...config, layers }).reduce(
      (sum, [, shape]) => sum + shape.reduce((product, length) => product * length, 1),
      0,
    );
  const outside = numbersOf(0);
  return outside + config.layers * (numbersOf(1) - outside);
}

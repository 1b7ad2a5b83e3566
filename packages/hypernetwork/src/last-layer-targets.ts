import { ConfigError, type LoraTarget } from "@haps/spec";

/** Which projections of which layers, all of one shape. */
export interface LastLayerTargetsOptions {
  /** Decoder layers of the model. */
  readonly layers: number;
  /** How many of the last ones are targets. Default 1: the HAPS paper, section 4.1. */
  readonly count?: number;
  /** Default `["o"]`, the attention's output: the HAPS paper, section 4.1. */
  readonly projections?: readonly LoraTarget["projection"][];
  /** Inputs of each projection; of `o` heads times head width. */
  readonly in: number;
  /** Outputs of each projection; of `o` the model's width. */
  readonly out: number;
  readonly rank: number;
}

/**
 * Lists the LoRA targets of a model's last layers, layer by layer; join several lists for projections of several shapes.
 *
 * @throws ConfigError code `config` when `count` is not in `[1, layers]`.
 *
 * @example
 * ```ts
 * const targets = lastLayerTargets({ layers: 4, count: 2, projections: ["k", "v"], in: 8, out: 4, rank: 1 });
 * console.assert(targets.map(({ layer, projection }) => `${layer}${projection}`).join() === "2k,2v,3k,3v");
 * ```
 */
export function lastLayerTargets(options: LastLayerTargetsOptions): readonly LoraTarget[] {
  const { layers, count = 1, projections = ["o"], rank } = options;
  if (!(Number.isInteger(layers) && Number.isInteger(count) && count >= 1 && count <= layers)) {
    const message = `${count} of ${layers} layers; expected whole numbers, at least 1 and at most all`;
    throw new ConfigError("lastLayerTargets", [{ path: "count", message }]);
  }
  return Array.from({ length: count }, (_, index) => layers - count + index).flatMap((layer) =>
    projections.map((projection) => ({ layer, projection, in: options.in, out: options.out, rank })),
  );
}

import { HapsError, type LoraFactors, type LoraTarget, type LoraWeights, ShapeError } from "@haps/spec";
import type { LoraTensors } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { ModelConfig } from "../model/model-config.ts";
import { attentionWidths } from "../model/parameter-layout.ts";

/** Weights of several samples as tensors, grouped by target. */
export interface LoraSamples {
  /** One per set of targets: samples whose weights have other targets, ranks or scales stand in another group. */
  readonly factors: LoraTensors;
  /** Sample of each call in this group, -1 where it has none. */
  readonly sampleOf: readonly number[];
}

const OPERATION = "LoRA weights";

/**
 * Checks that LoRA weights fit a model, by name.
 *
 * @throws HapsError code `config` for an unknown layer or projection, a target given twice, another `in` or `out`; ShapeError code
 *   `shape` for factors of another size; HapsError code `non-finite` for the scale, or naming target, factor and position.
 */
export function checkLora(weights: LoraWeights, config: ModelConfig): void {
  const seen = new Set<string>();
  if (!Number.isFinite(weights.scale)) {
    throw new HapsError("non-finite", `${OPERATION} ${JSON.stringify(weights.id)}: the scale is ${weights.scale}`, {
      id: weights.id,
      scale: weights.scale,
    });
  }
  for (const factors of weights.targets) {
    const name = targetName(factors.target);
    if (seen.has(name)) {
      throw new HapsError("config", `${OPERATION} ${JSON.stringify(weights.id)}: ${name} is given twice; keep one`, {
        name,
      });
    }
    seen.add(name);
    checkTarget(factors.target, config, weights.id);
    checkFactors(factors, name, weights.id);
  }
}

/** `layer 3 q`, as messages name a target. */
export function targetName(target: LoraTarget): string {
  return `layer ${target.layer} ${target.projection}`;
}

/** Inputs and outputs of a projection of a model. */
export function projectionSize(
  config: ModelConfig,
  projection: LoraTarget["projection"],
): readonly [number, number] | undefined {
  const { query, key } = attentionWidths(config);
  const sizes: Readonly<Record<string, readonly [number, number]>> = {
    q: [config.dim, query],
    k: [config.dim, key],
    v: [config.dim, key],
    o: [query, config.dim],
    gate: [config.dim, config.hidden],
    up: [config.dim, config.hidden],
    down: [config.hidden, config.dim],
  };
  return sizes[projection];
}

/**
 * Turns the weights of a batch of calls into tensors, equal shapes stacked.
 *
 * @param weights - Per call; `undefined` for the base model.
 * @returns Groups, none when no call has weights; the caller owns the tensors.
 * @throws As {@link checkLora}.
 */
export function loraSamplesOf(
  weights: readonly (LoraWeights | undefined)[],
  config: ModelConfig,
): readonly LoraSamples[] {
  const groups = new Map<string, number[]>();
  weights.forEach((entry, call) => {
    if (entry === undefined || entry.targets.length === 0) return;
    checkLora(entry, config);
    const key = JSON.stringify([entry.scale, entry.targets.map(({ target }) => target)]);
    groups.set(key, [...(groups.get(key) ?? []), call]);
  });
  return [...groups.values()].map((calls) => {
    const sampleOf = weights.map((_, call) => calls.indexOf(call));
    const first = weights[calls[0] as number] as LoraWeights;
    const targets = first.targets.map(({ target }, index) => {
      const stacked = (factor: "down" | "up", rows: number, columns: number): tf.Tensor3D => {
        const size = rows * columns;
        const values = new Float32Array(calls.length * size);
        calls.forEach((call, sample) => {
          const factors = weights[call]?.targets[index];
          if (factors !== undefined) values.set(factors[factor], sample * size);
        });
        return tf.tensor3d(values, [calls.length, rows, columns]);
      };
      return { target, down: stacked("down", target.rank, target.in), up: stacked("up", target.out, target.rank) };
    });
    return { factors: { targets, scale: first.scale }, sampleOf };
  });
}

function checkTarget(target: LoraTarget, config: ModelConfig, id: string): void {
  const where = `${OPERATION} ${JSON.stringify(id)}, ${targetName(target)}`;
  const size = projectionSize(config, target.projection);
  if (size === undefined) {
    throw new HapsError("config", `${where}: there is no such projection; expected q, k, v, o, gate, up or down`, {
      target,
    });
  }
  if (!Number.isInteger(target.layer) || target.layer < 0 || target.layer >= config.layers) {
    throw new HapsError("config", `${where}: the model has the layers 0 to ${config.layers - 1}`, { target });
  }
  if (target.in === size[0] && target.out === size[1] && Number.isInteger(target.rank) && target.rank > 0) return;
  throw new HapsError(
    "config",
    `${where}: in ${target.in}, out ${target.out}, rank ${target.rank}; expected in ${size[0]}, out ${size[1]} and a positive rank; make the weights for this model`,
    { target, expected: size },
  );
}

function checkFactors({ target, down, up }: LoraFactors, name: string, id: string): void {
  const where = `${OPERATION} ${JSON.stringify(id)}`;
  for (const [factor, values, shape] of [
    ["down", down, [target.rank, target.in]],
    ["up", up, [target.out, target.rank]],
  ] as const) {
    if (values.length !== shape[0] * shape[1]) {
      throw new ShapeError(where, `${name} ${factor}`, `[${shape.join(", ")}]`, [values.length]);
    }
    const position = firstNonFinite(values);
    if (position < 0) continue;
    throw new HapsError(
      "non-finite",
      `${where}: ${name} ${factor} has ${values[position]} at position ${position}; check the run that made it`,
      { name, factor, position },
    );
  }
}

/** A loop, since `findIndex` makes an object of every number. */
function firstNonFinite(values: Float32Array): number {
  for (let index = 0; index < values.length; index += 1) {
    if (!Number.isFinite(values[index])) return index;
  }
  return -1;
}

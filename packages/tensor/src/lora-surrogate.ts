import { HapsError, type LoraFactors, type LoraTarget, type LoraWeights, ShapeError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import type { LoraTargetTensors, LoraTensors } from "./contracts.ts";
import { firstNonFinite } from "./first-non-finite.ts";
import { loraTargetName } from "./lora-target-name.ts";
import { assertShape } from "./shape.ts";

const OPERATION = "surrogateLoss";

/**
 * A scalar whose gradient with respect to LoRA factors is a given one: the second stage of a gradient through an engine.
 *
 * `Σ stopGradient(d) · factor` over calls, targets and both factors, where d is what the engine returned for a call. By the
 * chain rule the gradient with respect to whatever made the factors is that of the engine's sum of log-likelihoods, exactly; the
 * value itself means nothing.
 *
 * @param tensors - Borrowed; differentiable.
 * @param gradients - For the same targets in any order; `undefined` counts as zero. Without `sampleOf` one per sample of the batch.
 * @param sampleOf - Sample of each gradient, where samples have any number of them: the calls of an episode, those of one candidate.
 * @returns The caller owns it.
 * @throws ShapeError code `shape` for another number of samples, or arrays that do not fit a target; HapsError code `config` for other
 *   targets, another scale or a sample outside the batch; HapsError code `non-finite` naming sample, target, factor and position.
 *
 * @example
 * ```ts
 * const target = { layer: 0, projection: "o", in: 1, out: 1, rank: 1 } as const;
 * const up = tf.ones<tf.Rank.R3>([1, 1, 1]);
 * const d = { id: "d", targets: [{ target, down: Float32Array.of(2), up: Float32Array.of(3) }], scale: 1 };
 * const loss = (x: tf.Tensor) => surrogateLoss({ targets: [{ target, down: tf.reshape(x, [1, 1, 1]), up }], scale: 1 }, [d]);
 * console.assert(tf.grad(loss)(tf.scalar(5)).dataSync()[0] === 2);
 * ```
 */
export function surrogateLoss(
  tensors: LoraTensors,
  gradients: readonly (LoraWeights | undefined)[],
  sampleOf?: ArrayLike<number>,
): tf.Scalar {
  const places = placesOf(tensors, gradients, sampleOf);
  for (const { gradient, sample } of places) checkGradientOf(gradient, sample, tensors);
  return tf.tidy(() => {
    const terms = tensors.targets.flatMap((entry) => [
      innerProduct(entry, "down", [entry.target.rank, entry.target.in], places),
      innerProduct(entry, "up", [entry.target.out, entry.target.rank], places),
    ]);
    return terms.reduce((sum, term) => tf.add<tf.Scalar>(sum, term), tf.scalar(0));
  });
}

/** A gradient and the sample of the batch that it belongs to. */
interface PlacedGradient {
  readonly gradient: LoraWeights;
  readonly sample: number;
}

function placesOf(
  { targets }: LoraTensors,
  gradients: readonly (LoraWeights | undefined)[],
  sampleOf: ArrayLike<number> | undefined,
): readonly PlacedGradient[] {
  for (const { target, down, up } of targets) {
    const batch = sampleOf === undefined ? gradients.length : (down.shape[0] ?? 0);
    assertShape(OPERATION, `${loraTargetName(target)} down`, down, [batch, target.rank, target.in]);
    assertShape(OPERATION, `${loraTargetName(target)} up`, up, [batch, target.out, target.rank]);
  }
  const batch = targets[0]?.down.shape[0] ?? 0;
  if (sampleOf !== undefined && sampleOf.length !== gradients.length) {
    throw new ShapeError(OPERATION, "sampleOf", `${gradients.length} samples, one per gradient`, [sampleOf.length]);
  }
  return gradients.flatMap((gradient, index) => {
    const sample = sampleOf === undefined ? index : (sampleOf[index] as number);
    if (!(Number.isInteger(sample) && sample >= 0 && sample < batch)) {
      throw new HapsError(
        "config",
        `${OPERATION}: gradient ${index} is of sample ${sample}, in a batch of ${batch}; give one in [0, ${batch})`,
        { index, sample, batch },
      );
    }
    return gradient === undefined ? [] : [{ gradient, sample }];
  });
}

function innerProduct(
  entry: LoraTargetTensors,
  factor: "down" | "up",
  shape: readonly [number, number],
  places: readonly PlacedGradient[],
): tf.Scalar {
  const tensor = entry[factor];
  const size = shape[0] * shape[1];
  const slopes = new Float32Array(tensor.size);
  for (const { gradient, sample } of places) {
    const values = gradient.targets.find(({ target }) => isSame(target, entry.target))?.[factor];
    if (values === undefined) continue;
    const name = `${loraTargetName(entry.target)} ${factor} of sample ${sample}`;
    checkValues(values, size, name, { sample, target: entry.target, factor });
    values.forEach((value, index) => {
      slopes[sample * size + index] = (slopes[sample * size + index] as number) + value;
    });
  }
  return tf.sum<tf.Scalar>(tf.mul(tensor, tf.tensor3d(slopes, tensor.shape)));
}

function checkGradientOf(gradient: LoraWeights, sample: number, { targets, scale }: LoraTensors): void {
  const list = (entries: readonly { readonly target: LoraTarget }[]): string[] =>
    entries.map(({ target }) => `${loraTargetName(target)} ${target.out}x${target.in} rank ${target.rank}`).sort();
  const [got, expected] = [list(gradient.targets), list(targets)];
  if (got.join() !== expected.join()) {
    throw new HapsError(
      "config",
      `${OPERATION}: a gradient of sample ${sample} is for [${got.join(", ")}]; expected [${expected.join(", ")}]; give the gradient of weights that were made from these factors`,
      { sample, got, expected },
    );
  }
  if (gradient.scale === scale) return;
  throw new HapsError(
    "config",
    `${OPERATION}: a gradient of sample ${sample} was taken at scale ${gradient.scale}; the factors have ${scale}; use the scale of the generator`,
    { sample, got: gradient.scale, expected: scale },
  );
}

function checkValues(
  values: LoraFactors["down"],
  size: number,
  name: string,
  facts: Readonly<Record<string, unknown>>,
): void {
  if (values.length !== size) throw new ShapeError(OPERATION, name, `${size} values`, [values.length]);
  const position = firstNonFinite(values);
  if (position < 0) return;
  throw new HapsError(
    "non-finite",
    `${OPERATION}: the gradient of ${name} has ${values[position]} at position ${position}; leave the sample out or check the engine`,
    { ...facts, position },
  );
}

function isSame(left: LoraTarget, right: LoraTarget): boolean {
  return left.layer === right.layer && left.projection === right.projection;
}

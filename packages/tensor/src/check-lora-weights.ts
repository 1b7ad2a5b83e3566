import { HapsError, LORA_PROJECTIONS, type LoraTarget, type LoraWeights, quoteValue, ShapeError } from "@haps/spec";
import { firstNonFinite } from "./first-non-finite.ts";
import { loraTargetName } from "./lora-target-name.ts";

/**
 * Checks LoRA weights by themselves, by name: they may come from a file or another process. No targets are fine.
 *
 * @param operation - Begins the messages.
 * @throws HapsError code `config` for a target that is no projection of a layer, has sizes that are none, or is given twice; ShapeError
 *   code `shape` for factors of another size; HapsError code `non-finite` for the scale, or naming target, factor and position.
 *
 * @example
 * ```ts
 * const target = { layer: 0, projection: "o", in: 2, out: 1, rank: 1 } as const;
 * const weights = { id: "a", targets: [{ target, down: Float32Array.of(1, 2), up: Float32Array.of(3) }], scale: 1 };
 * checkLoraWeights("upload", weights);
 * ```
 */
export function checkLoraWeights(operation: string, weights: LoraWeights): void {
  const where = `${operation}: the LoRA weights ${quoteValue(weights.id)}`;
  if (!Number.isFinite(weights.scale)) {
    throw new HapsError("non-finite", `${where} have the scale ${weights.scale}; give a number`, {
      id: weights.id,
      scale: weights.scale,
    });
  }
  const seen = new Set<string>();
  for (const { target, down, up } of weights.targets) {
    const name = loraTargetName(target);
    if (seen.has(name)) throw new HapsError("config", `${where} have ${name} twice; keep one`, { name });
    seen.add(name);
    checkTarget(where, target);
    checkLoraFactor(`${operation}: ${quoteValue(weights.id)}`, `${name} down`, down, [target.rank, target.in]);
    checkLoraFactor(`${operation}: ${quoteValue(weights.id)}`, `${name} up`, up, [target.out, target.rank]);
  }
}

/**
 * Checks one factor: that it fills its shape and every number is finite.
 *
 * @throws ShapeError code `shape`; HapsError code `non-finite` naming factor and position.
 */
export function checkLoraFactor(
  operation: string,
  name: string,
  values: ArrayLike<number>,
  shape: readonly [number, number],
): void {
  if (values.length !== shape[0] * shape[1]) {
    throw new ShapeError(operation, name, `the numbers of [${shape.join(", ")}]`, [values.length]);
  }
  const position = firstNonFinite(values);
  if (position < 0) return;
  throw new HapsError(
    "non-finite",
    `${operation}: ${name} has ${values[position]} at position ${position}; check where the weights come from`,
    { name, position },
  );
}

function checkTarget(where: string, target: LoraTarget): void {
  const { layer, projection, in: inputs, out, rank } = target;
  if (!LORA_PROJECTIONS.includes(projection)) {
    const expected = LORA_PROJECTIONS.join(", ");
    throw new HapsError(
      "config",
      `${where} have the projection ${quoteValue(projection)}; expected one of ${expected}`,
      {
        target,
      },
    );
  }
  const sizes = [inputs, out, rank].every((size) => Number.isInteger(size) && size > 0);
  if (Number.isInteger(layer) && layer >= 0 && sizes) return;
  throw new HapsError(
    "config",
    `${where} have ${loraTargetName(target)} with in ${inputs}, out ${out}, rank ${rank}; expected a layer from 0 on and sizes from 1 on`,
    { target },
  );
}

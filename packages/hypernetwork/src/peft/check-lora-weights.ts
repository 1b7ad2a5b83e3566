import { HapsError, type LoraFactors, type LoraWeights, quoteValue, ShapeError } from "@haps/spec";
import { loraTargetName } from "@haps/tensor";
import { projectionOrder } from "./peft-names.ts";

/**
 * Checks weights that are to be written: they may come from a file or another process.
 *
 * HapsError code `config` for no targets, one given twice or one that is no projection of a layer; ShapeError code `shape`;
 * HapsError code `non-finite` naming target, factor and position.
 */
export function checkLoraWeights(operation: string, weights: LoraWeights): void {
  const { id, scale, targets } = weights;
  const seen = new Set<string>();
  const refuse = (problem: string): HapsError =>
    new HapsError("config", `${operation}: the weights ${quoteValue(id)} ${problem}`, { id });
  if (targets.length === 0) throw refuse("have no targets; an adapter needs at least one");
  if (!Number.isFinite(scale)) {
    throw new HapsError("non-finite", `${operation}: the scale of ${quoteValue(id)} is ${scale}; give a number`, {
      id,
      scale,
    });
  }
  for (const { target, down, up } of targets) {
    const { layer, projection, in: inputs, out, rank } = target;
    const name = loraTargetName(target);
    if (seen.has(name)) throw refuse(`have ${name} twice; keep one`);
    seen.add(name);
    if (projectionOrder(projection) < 0) {
      throw refuse(`have the projection ${quoteValue(projection)}; expected q, k, v, o, gate, up or down`);
    }
    if (
      !Number.isInteger(layer) ||
      layer < 0 ||
      ![inputs, out, rank].every((size) => Number.isInteger(size) && size > 0)
    ) {
      throw refuse(
        `have ${name} with in ${inputs}, out ${out}, rank ${rank}; expected a layer from 0 on and sizes from 1 on`,
      );
    }
    checkFactor(operation, `${name} down`, down, [rank, inputs]);
    checkFactor(operation, `${name} up`, up, [out, rank]);
  }
}

/** Refuses a factor that does not fill its shape or has a number that is not finite. */
export function checkFactor(
  operation: string,
  name: string,
  values: LoraFactors["down"],
  shape: readonly [number, number],
): void {
  if (values.length !== shape[0] * shape[1]) {
    throw new ShapeError(operation, name, `the numbers of [${shape.join(", ")}]`, [values.length]);
  }
  for (let position = 0; position < values.length; position += 1) {
    if (Number.isFinite(values[position])) continue;
    throw new HapsError(
      "non-finite",
      `${operation}: ${name} has ${values[position]} at position ${position}; check where the weights come from`,
      { name, position },
    );
  }
}

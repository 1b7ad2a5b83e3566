import type { LoraFactors, LoraTarget, LoraWeights } from "@haps/spec";
import { loraUpdateNorms, peekValues } from "@haps/tensor";
import { checkLora } from "../decoder/check-lora.ts";
import { placeOf } from "../gradient/merge-lora.ts";
import type { LanguageModel } from "../model/language-model.ts";

/** Frobenius norms of an update and of what it is added to. */
export interface UpdateSize {
  /** `‖scale · up · down‖_F`. */
  readonly update: number;
  /** `‖W‖_F`. */
  readonly weight: number;
  /** The first as a share of the second; 0 for no update, also of weights that are 0. */
  readonly relative: number;
}

/** Size of one target's update. */
export interface TargetUpdateSize extends UpdateSize {
  readonly target: LoraTarget;
}

/** Size of an update, of all its targets together and of each. */
export interface LoraUpdateSize extends UpdateSize {
  readonly targets: readonly TargetUpdateSize[];
}

/**
 * How large LoRA weights are beside the weights that they change.
 *
 * `‖scale · up · down‖_F² = scale² Σ_ij (upᵀ up)_ij (down downᵀ)_ij`, the trace of two `rank x rank` products: the update itself is
 * never formed. In float64. Over several targets the squares are summed.
 *
 * @param model - Borrowed.
 * @returns In the order of `weights`; plain numbers.
 * @throws As `checkLora`.
 *
 * @example
 * ```ts
 * const shape = { family: "llama", vocabulary: 8, dim: 4, layers: 1, heads: 2, hidden: 8, context: 16 } as const;
 * const model = createLanguageModel({ ...shape, rng: createRng(1) });
 * const target = { layer: 0, projection: "o", in: 4, out: 4, rank: 1 } as const;
 * const factors = { target, down: new Float32Array([3, 4, 0, 0]), up: new Float32Array([0, 2, 0, 0]) };
 * const [size] = loraUpdateSizes(model, [{ id: "a", targets: [factors], scale: 0.5 }]);
 * console.assert(size?.update === 5 && size.relative === 5 / size.weight);
 * model.dispose();
 * ```
 */
export function loraUpdateSizes(model: LanguageModel, weights: readonly LoraWeights[]): readonly LoraUpdateSize[] {
  const known = new Map<string, number>();
  const squareOf = ({ target }: LoraFactors): number => {
    const key = `${target.layer} ${target.projection}`;
    const square = known.get(key) ?? weightSquare(model, target);
    known.set(key, square);
    return square;
  };
  return weights.map((lora): LoraUpdateSize => {
    checkLora(lora, model.config);
    const norms = loraUpdateNorms(lora);
    const squares = lora.targets.map((factors, index) => ({
      target: factors.target,
      update: (norms[index] as number) ** 2,
      weight: squareOf(factors),
    }));
    const sum = (which: "update" | "weight"): number => squares.reduce((total, entry) => total + entry[which], 0);
    return {
      ...sizeOf(sum("update"), sum("weight")),
      targets: squares.map(({ target, update, weight }) => ({ target, ...sizeOf(update, weight) })),
    };
  });
}

function sizeOf(updateSquare: number, weightSquare: number): UpdateSize {
  const [update, weight] = [Math.sqrt(updateSquare), Math.sqrt(weightSquare)];
  return { update, weight, relative: update === 0 ? 0 : update / weight };
}

/** `‖W‖_F²` of a target, which may be some columns of a kernel. */
function weightSquare({ config, variables }: LanguageModel, target: LoraTarget): number {
  const { name, column } = placeOf({ target }, config);
  const kernel = variables.get(name);
  const width = kernel.shape[1] as number;
  const values = peekValues(kernel);
  let square = 0;
  for (let input = 0; input < target.in; input += 1) {
    const start = input * width + column;
    for (let place = start; place < start + target.out; place += 1) square += (values[place] as number) ** 2;
  }
  return square;
}

import type { LoraTarget } from "@haps/spec";
import {
  assertShape,
  createVariables,
  dense,
  type LoraGenerator,
  type LoraTargetTensors,
  type NamedArray,
  type NamedVariables,
  type Rng,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { LoraGeneratorConfig } from "./lora-generator-config.ts";
import {
  type AffineLayout,
  type HeadLayout,
  type LoraGeneratorLayout,
  loraGeneratorLayout,
} from "./lora-generator-layout.ts";

/** What {@link createLoraGenerator} needs. */
export interface LoraGeneratorOptions extends LoraGeneratorConfig {
  /** Source of initial weights. */
  readonly rng: Rng;
}

/**
 * Makes the head of one open-weight candidate: hidden states to LoRA weights.
 *
 * `z = relu(K_l z + b_l)` for each trunk layer from `z = h`; `up = reshape(K_A z + b_A, [out, rank])` and
 * `down = reshape(K_B z + b_B, [rank, in])`, row-major; the paper's A and B. The update is `scale · up · down`, not divided by the rank.
 *
 * Kernels are Xavier-uniform, `±√(6 / (in + out))` (Glorot and Bengio 2010, eq. 16), biases 0. A batch takes one product per head.
 *
 * @returns A generator whose variables the caller owns: `trunk/0/kernel` `[in, out]`, `trunk/0/bias`, …, `heads/up/kernel`,
 *   `heads/down/kernel`, … or, with `perTarget`, `heads/3/o/up/kernel` for layer 3.
 * @throws ConfigError naming every wrong field: sizes, a target given twice, or targets of several shapes that are to share factors.
 *
 * Source: w_k = s_k(p; φ_k), Eq. 3 of the HAPS paper, and its released code; deviations are options.
 *
 * @example
 * ```ts
 * const generator = createLoraGenerator({
 *   space: { targets: lastLayerTargets({ layers: 4, in: 16, out: 16, rank: 2 }), scale: 0.01 },
 *   hiddenDimension: 8,
 *   rng: createRng(1),
 * });
 * const shapes = tidyValue(() => generator.generate(tf.ones([5, 8])).targets.map(({ up, down }) => [up.shape, down.shape]));
 * console.assert(shapes.join() === "5,16,2,5,2,16");
 * generator.variables.dispose();
 * ```
 */
export function createLoraGenerator(options: LoraGeneratorOptions): LoraGenerator {
  const { rng, ...input } = options;
  const layout = loraGeneratorLayout("createLoraGenerator", input);
  const { space, hiddenDimension } = layout.config;
  const variables = createVariables(initials(layout, rng));
  return {
    variables,
    space,
    generate(hidden) {
      assertShape("LoraGenerator.generate", "hidden", hidden, [null, hiddenDimension]);
      let targets: readonly LoraTargetTensors[] = [];
      tf.tidy(() => {
        targets = factorsOf(variables, layout, hidden);
        return targets.flatMap(({ down, up }) => [down, up]);
      });
      return { targets, scale: space.scale };
    },
  };
}

function factorsOf(variables: NamedVariables, layout: LoraGeneratorLayout, hidden: tf.Tensor2D): LoraTargetTensors[] {
  const state = layout.trunk.reduce((below, map) => tf.relu(affine(variables, map, below)), hidden); // [batch, trunkWidth]
  const { targets } = layout.config.space;
  const made = layout.heads.map((head, index) => headFactors(variables, head, targets[index] as LoraTarget, state));
  return targets.map((target, index) => {
    const own = made[index];
    if (own !== undefined) return { target, ...own };
    // A tensor for each target, so that every one of them can be disposed alone; the numbers are shared.
    const { down, up } = made[0] as Factors;
    return { target, down: tf.clone(down), up: tf.clone(up) };
  });
}

type Factors = Pick<LoraTargetTensors, "down" | "up">;

function headFactors(variables: NamedVariables, head: HeadLayout, target: LoraTarget, state: tf.Tensor2D): Factors {
  const batch = state.shape[0];
  return {
    down: tf.reshape(affine(variables, head.down, state), [batch, target.rank, target.in]),
    up: tf.reshape(affine(variables, head.up, state), [batch, target.out, target.rank]),
  };
}

function affine(variables: NamedVariables, { prefix }: AffineLayout, x: tf.Tensor2D): tf.Tensor2D {
  const parameter = <Shape extends tf.Tensor>(name: string) => variables.get(`${prefix}/${name}`) as tf.Tensor as Shape;
  return dense(x, parameter<tf.Tensor2D>("kernel"), parameter<tf.Tensor1D>("bias"));
}

function initials({ config, trunk, heads }: LoraGeneratorLayout, rng: Rng): (readonly [string, NamedArray])[] {
  const zero = new Set(config.headInit === "zeroUp" ? heads.map(({ up }) => up) : []);
  return [...trunk, ...heads.flatMap(({ up, down }) => [up, down])].flatMap((map) => {
    const name = `${map.prefix}/kernel`;
    const values = zero.has(map) ? new Float32Array(map.in * map.out) : xavier(rng.fork(name), map);
    return [
      [name, { shape: [map.in, map.out], values }] as const,
      [`${map.prefix}/bias`, { shape: [map.out], values: new Float32Array(map.out) }] as const,
    ];
  });
}

function xavier(rng: Rng, map: AffineLayout): Float32Array {
  const bound = Math.sqrt(6 / (map.in + map.out));
  const values = new Float32Array(map.in * map.out);
  for (let index = 0; index < values.length; index += 1) values[index] = (2 * rng.uniform() - 1) * bound;
  return values;
}

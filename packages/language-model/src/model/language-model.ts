import { HapsError, ShapeError } from "@haps/spec";
import { createVariables, type NamedArray, type NamedVariables, type Rng, untaped } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { type ModelConfig, type ModelConfigInput, resolveModelConfig } from "./model-config.ts";
import { EMBEDDING, HEAD, parameterLayout } from "./parameter-layout.ts";

/** A decoder language model: its shape and its weights. */
export interface LanguageModel {
  readonly config: ModelConfig;
  /** Named as `parameterLayout` lists them; training them changes the model at once. */
  readonly variables: NamedVariables;
  /**
   * Weights that turn hidden states into logits, `[dim, vocabulary]`, borrowed: with tied embeddings a transposed copy, made when
   * it is first asked for and again after the embedding has changed. Not differentiable with respect to the embedding.
   */
  headKernel(): tf.Tensor2D;
  /** Frees every tensor; calling it again does nothing. */
  dispose(): void;
}

/**
 * Makes a model from its weights.
 *
 * @param arrays - By the names of `parameterLayout`; copied.
 * @returns The caller disposes it.
 * @throws HapsError code `state` for a missing or superfluous weight; ShapeError code `shape` for one of another shape.
 */
export function languageModelFrom(config: ModelConfig, arrays: ReadonlyMap<string, NamedArray>): LanguageModel {
  const operation = "languageModelFrom";
  const layout = parameterLayout(config);
  const known = new Set(layout.map(([name]) => name));
  for (const name of arrays.keys()) {
    if (known.has(name)) continue;
    throw new HapsError("state", `${operation}: the model has no weight "${name}"; leave it out`, { name });
  }
  const initial = layout.map(([name, shape]): readonly [string, NamedArray] => {
    const array = arrays.get(name);
    if (array === undefined) {
      throw new HapsError("state", `${operation}: the weight "${name}" is missing; give all that the layout lists`, {
        name,
      });
    }
    if (array.shape.join() !== shape.join()) {
      throw new ShapeError(operation, `"${name}"`, `[${shape.join(", ")}]`, array.shape);
    }
    return [name, array];
  });
  return languageModelOver(config, createVariables(initial));
}

/**
 * Makes a model with random weights: kernels and embedding normal with deviation `initialDeviation`, gains 1, biases 0.
 *
 * The kernels that write into the residual stream are smaller by `√(2 layers)` (Radford et al. 2019, section 2.3).
 *
 * @returns The caller disposes it.
 * @throws ConfigError for sizes that do not fit together.
 *
 * @example
 * ```ts
 * const shape = { family: "llama", vocabulary: 64, dim: 16, layers: 2, heads: 4, hidden: 32, context: 128 } as const;
 * const model = createLanguageModel({ ...shape, rng: createRng(1) });
 * console.assert(model.variables.get("embedding").shape.join() === "64,16");
 * model.dispose();
 * ```
 */
export function createLanguageModel(options: LanguageModelOptions): LanguageModel {
  const { rng, initialDeviation = 0.02, ...input } = options;
  const config = resolveModelConfig(input);
  const residual = initialDeviation / Math.sqrt(2 * config.layers);
  const initial = parameterLayout(config).map(([name, shape]): readonly [string, NamedArray] => {
    const count = shape.reduce((product, length) => product * length, 1);
    if (name.endsWith("/gain")) return [name, { shape, values: new Float32Array(count).fill(1) }];
    if (name.endsWith("/bias")) return [name, { shape, values: new Float32Array(count) }];
    const deviation = /\/(output|down)\/kernel$/.test(name) ? residual : initialDeviation;
    return [name, { shape, values: rng.fork(name).normals(count, deviation) }];
  });
  return languageModelOver(config, createVariables(initial));
}

/** What {@link createLanguageModel} needs. */
export interface LanguageModelOptions extends ModelConfigInput {
  readonly rng: Rng;
  /** Default 0.02. */
  readonly initialDeviation?: number;
}

/** Makes a model of variables that are named as the layout lists them; it owns them from now on. */
export function languageModelOver(config: ModelConfig, variables: NamedVariables): LanguageModel {
  let copy: { readonly of: object; readonly kernel: tf.Tensor2D } | undefined;
  return {
    config,
    variables,
    headKernel() {
      if (!config.tiedEmbeddings) return variables.get(HEAD) as tf.Tensor as tf.Tensor2D;
      const embedding = variables.get(EMBEDDING);
      // Assigning to a variable gives it new data, so that its identity tells whether the copy is stale.
      if (copy?.of !== embedding.dataId) {
        copy?.kernel.dispose();
        copy = {
          of: embedding.dataId,
          kernel: tf.keep(untaped(() => tf.transpose(embedding as tf.Tensor as tf.Tensor2D))),
        };
      }
      return copy.kernel;
    },
    dispose() {
      copy?.kernel.dispose();
      copy = undefined;
      variables.dispose();
    },
  };
}

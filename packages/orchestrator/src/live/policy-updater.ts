import { type CandidateId, HapsError } from "@haps/spec";
import {
  clipByGlobalNorm,
  createAdamW,
  firstNonFinite,
  type Gradients,
  globalNorm,
  lossAndGradients,
  type NamedArray,
  type NamedVariables,
  type Optimizer,
  type ParameterGroup,
  type PromptPolicy,
  readVariables,
  writeVariables,
} from "@haps/tensor";
import type * as tf from "@tensorflow/tfjs";
import type { ResolvedOptimizationConfig } from "./optimization-config.ts";
import { trainedPart } from "./trained-part.ts";

/** What {@link PolicyUpdater} is made from. */
export interface PolicyUpdaterOptions {
  /** Whose name errors carry. */
  readonly operation: string;
  /** Borrowed. */
  readonly policy: PromptPolicy;
  readonly frozen?: RegExp;
  readonly config: ResolvedOptimizationConfig;
}

/** What one update did. */
export interface PolicyUpdate {
  /** Value of the loss, before the update. */
  readonly loss: number;
  /** Norm of all gradients before clipping. */
  readonly gradientNorm: number;
  /** Norm of each part's gradients before clipping: `backbone`, `architecture`, `lora/<candidate>`, ... */
  readonly gradientNorms: Readonly<Record<string, number>>;
  readonly clipped: boolean;
  readonly learningRate: number;
}

const POLICY = "policy/";
const OPTIMIZER = "optimizer/";

/** Turns losses into updates of a policy; nothing is written when a number is not finite or the norm exceeds its limit. */
export class PolicyUpdater {
  readonly trained: NamedVariables;
  readonly #operation: string;
  readonly #policy: PromptPolicy;
  readonly #config: ResolvedOptimizationConfig;
  readonly #optimizer: Optimizer;

  constructor({ operation, policy, frozen, config }: PolicyUpdaterOptions) {
    this.trained = trainedPart(operation, policy.variables, frozen);
    this.#operation = operation;
    this.#policy = policy;
    this.#config = config;
    this.#optimizer = createAdamW(this.trained, { ...config.optimizer, groups: groupsOf(this.trained, config.parts) });
  }

  /** Updates applied so far. */
  get updates(): number {
    return this.#optimizer.step;
  }

  /** Learning rate of the next update. */
  get learningRate(): number {
    return this.#optimizer.learningRate;
  }

  /**
   * One update.
   *
   * @param step - Named in errors.
   * @throws HapsError code `non-finite` naming tensor and step; nothing has then changed.
   */
  update(loss: () => tf.Tensor, step: number): PolicyUpdate {
    const { clipNorm, gradientLimit } = this.#config;
    const { learningRate } = this.#optimizer;
    const computed = lossAndGradients(this.trained, loss, step);
    const gradientNorms = this.#normsByPart(computed.gradients);
    const { norm, gradients } =
      clipNorm === null
        ? { norm: globalNorm(computed.gradients), gradients: computed.gradients }
        : clipByGlobalNorm(computed.gradients, clipNorm);
    if (!(norm <= gradientLimit)) throw this.#diverged(gradientNorms, norm, step);
    this.#optimizer.apply(gradients);
    return {
      loss: computed.loss,
      gradientNorm: norm,
      gradientNorms,
      clipped: gradients !== computed.gradients,
      learningRate,
    };
  }

  /** Copies of all weights of the policy and of the optimiser's moments; code `non-finite` naming a weight that is not finite. */
  arrays(): ReadonlyMap<string, NamedArray> {
    const arrays = new Map<string, NamedArray>();
    for (const [name, array] of readVariables(this.#policy.variables)) {
      const bad = firstNonFinite(array.values);
      if (bad >= 0) {
        throw new HapsError(
          "non-finite",
          `${this.#operation}.state: "${name}" holds ${array.values[bad]} after ${this.updates} updates; go back to an earlier state with a lower learning rate`,
          { tensor: name, step: this.updates },
        );
      }
      arrays.set(`${POLICY}${name}`, array);
    }
    for (const [slot, values] of this.#optimizer.state().slots) {
      arrays.set(`${OPTIMIZER}${slot}`, { shape: [values.length], values });
    }
    return arrays;
  }

  /** Continues from arrays; code `state` or `shape` when they are of another policy, and then nothing has changed. */
  restore(updates: number, arrays: ReadonlyMap<string, NamedArray>): void {
    const weights = new Map<string, NamedArray>();
    const slots = new Map<string, Float32Array>();
    for (const [name, array] of arrays) {
      if (name.startsWith(POLICY)) weights.set(name.slice(POLICY.length), array);
      else slots.set(name.startsWith(OPTIMIZER) ? name.slice(OPTIMIZER.length) : name, array.values);
    }
    const before = this.#optimizer.state();
    this.#optimizer.restore({ step: updates, slots });
    try {
      writeVariables(this.#policy.variables, weights);
    } catch (error) {
      this.#optimizer.restore(before);
      throw error;
    }
  }

  #normsByPart(gradients: Gradients): Readonly<Record<string, number>> {
    const parts = new Map<string, Map<string, Float32Array>>();
    for (const [name, gradient] of gradients) {
      const part = partOf(name, this.#policy.candidates);
      parts.set(part, (parts.get(part) ?? new Map<string, Float32Array>()).set(name, gradient));
    }
    return Object.fromEntries([...parts].map(([part, own]) => [part, globalNorm(own)]));
  }

  #diverged(norms: Readonly<Record<string, number>>, norm: number, step: number): HapsError {
    const limit = this.#config.gradientLimit;
    const [tensor = ""] = Object.entries(norms).reduce(
      (worst: readonly [string, number], entry) => (entry[1] > worst[1] ? entry : worst),
      ["", -1],
    );
    return new HapsError(
      "non-finite",
      `${this.#operation}.step: the gradients' norm is ${norm} at step ${step}, most of it of "${tensor}"; expected at most ${limit}; lower the learning rate, warm up longer, or check the rewards`,
      { tensor, norm, limit, step },
    );
  }
}

/** `lora/<candidate>` for the variables of a generator, else the first part of the name; ids may hold slashes. */
function partOf(name: string, candidates: readonly CandidateId[]): string {
  const [candidate] = candidates
    .filter((id) => name.startsWith(`lora/${id}/`))
    .sort((left, right) => right.length - left.length);
  return candidate === undefined ? (name.split("/", 1)[0] as string) : `lora/${candidate}`;
}

/** Groups that match something; a policy without generators has nothing under `lora`. */
function groupsOf(trained: NamedVariables, parts: ResolvedOptimizationConfig["parts"]): ParameterGroup[] {
  const patterns = {
    backbone: "^(private-)?backbone/",
    architecture: "^architecture/",
    lora: "^(lora|cost)/",
  } as const;
  const names = trained.names();
  return (["backbone", "architecture", "lora"] as const).flatMap((part) => {
    const pattern = patterns[part];
    return names.some((name) => new RegExp(pattern, "u").test(name)) ? [{ pattern, ...parts[part] }] : [];
  });
}

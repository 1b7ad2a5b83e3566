import type { LanguageModel } from "@haps/language-model";
import type { NamedVariables } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/** The same model with some weights replaced, so that they can be varied. */
export function withWeights(model: LanguageModel, replaced: Readonly<Record<string, tf.Tensor>>): LanguageModel {
  const { variables } = model;
  const varied: NamedVariables = {
    size: variables.size,
    names: () => variables.names(),
    has: (name) => variables.has(name),
    get: (name) => (replaced[name] ?? variables.get(name)) as tf.Variable,
    dispose: () => undefined,
    [Symbol.iterator]: () => variables[Symbol.iterator](),
  };
  const head = replaced["head/kernel"] ?? replaced.embedding;
  return {
    ...model,
    variables: varied,
    headKernel: () =>
      (head === undefined
        ? model.headKernel()
        : model.config.tiedEmbeddings
          ? tf.transpose(head)
          : head) as tf.Tensor2D,
  };
}

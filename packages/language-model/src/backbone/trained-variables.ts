import { HapsError } from "@haps/spec";
import type { NamedVariables } from "@haps/tensor";
import type * as tf from "@tensorflow/tfjs";
import type { LanguageModel } from "../model/language-model.ts";
import { EMBEDDING, layerNames } from "../model/parameter-layout.ts";

/**
 * Variables of a model that training from a layer on changes: those of the layers from there, the final norm and the head; with layer 0
 * the embedding too. Nothing below.
 *
 * @param from - First trained layer, or `frozen` for none.
 * @returns A view that shares the model's variables. Disposing it ends the view and frees nothing: the model owns them.
 */
export function trainedVariables(model: LanguageModel, from: number | "frozen"): NamedVariables {
  const below = new Set<string>();
  const { layers } = model.config;
  const first = from === "frozen" ? layers : from;
  for (let layer = 0; layer < first; layer += 1) below.add(layerPrefix(layer));
  const trained = (name: string): boolean => {
    if (from === "frozen" || (name === EMBEDDING && from > 0)) return false;
    return !below.has(name.split("/").slice(0, 2).join("/"));
  };
  const names = model.variables.names().filter(trained);
  const known = new Set(names);
  let disposed = false;
  const get = (name: string): tf.Variable => {
    if (disposed)
      throw new HapsError("disposed", "trainedVariables: used after dispose(); keep the view while it is in use");
    if (known.has(name)) return model.variables.get(name);
    throw new HapsError(
      "state",
      `trainedVariables: "${name}" is not trained; there are ${names.slice(0, 8).join(", ") || "none"}; train from a lower layer`,
      { name, from },
    );
  };
  return {
    size: names.length,
    names: () => names,
    has: (name) => known.has(name),
    get,
    dispose() {
      disposed = true;
    },
    [Symbol.iterator]: () => names.map((name) => [name, get(name)] as const)[Symbol.iterator](),
  };
}

/** `layers/3`. */
function layerPrefix(layer: number): string {
  return layerNames(layer).attention.split("/").slice(0, 2).join("/");
}

import { HapsError } from "@haps/spec";
import type { NamedVariables } from "@haps/tensor";
import type * as tf from "@tensorflow/tfjs";

/**
 * The variables that are not frozen, as a view: disposing it frees nothing.
 *
 * @throws HapsError code `config` when nothing is left to train.
 */
export function trainedPart(operation: string, variables: NamedVariables, frozen: RegExp | undefined): NamedVariables {
  // Without the flags that make `test` remember where it stood.
  const pattern = frozen && new RegExp(frozen.source, frozen.flags.replace(/[gy]/gu, ""));
  const names = variables.names().filter((name) => pattern?.test(name) !== true);
  if (names.length === 0) {
    throw new HapsError(
      "config",
      `${operation}: all ${variables.size} variables are frozen by ${String(frozen)}; expected some to train; freeze fewer`,
      { frozen: String(frozen), variables: variables.names() },
    );
  }
  const known = new Set(names);
  const get = (name: string): tf.Variable => {
    if (known.has(name)) return variables.get(name);
    throw new HapsError("state", `${operation}: "${name}" is not trained; expected one of ${names.join(", ")}`, {
      name,
    });
  };
  return {
    size: names.length,
    names: () => names,
    has: (name) => known.has(name),
    get,
    dispose: () => undefined,
    [Symbol.iterator]: () => names.map((name) => [name, get(name)] as const)[Symbol.iterator](),
  };
}

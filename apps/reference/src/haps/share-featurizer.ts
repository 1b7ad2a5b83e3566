import { createHash } from "node:crypto";
import type { Featurizer, FeaturizerFactory, Question } from "@haps/spec";

/**
 * A factory that remembers its last fit and each of its transforms' last result, so that the methods of one fold share
 * features instead of fitting them again.
 */
export function shareFeaturizer(factory: FeaturizerFactory): FeaturizerFactory {
  let last: { readonly key: string; readonly featurizer: Featurizer } | undefined;
  return {
    kind: factory.kind,
    fit: (questions, seed) => {
      const key = keyOf(questions, `${seed}`);
      if (last?.key !== key) last = { key, featurizer: rememberTransform(factory.fit(questions, seed)) };
      return last.featurizer;
    },
  };
}

function rememberTransform(featurizer: Featurizer): Featurizer {
  const known = new Map<string, Float32Array>();
  return {
    kind: featurizer.kind,
    dimension: featurizer.dimension,
    transform: (questions) => {
      const key = keyOf(questions, "");
      let values = known.get(key);
      if (values === undefined) {
        values = featurizer.transform(questions);
        // Two sets meet in one fold: the training questions and those to be routed.
        if (known.size >= 2) known.delete(known.keys().next().value as string);
        known.set(key, values);
      }
      return values.slice();
    },
  };
}

function keyOf(questions: readonly Question[], extra: string): string {
  const hash = createHash("sha256").update(extra);
  for (const { text, context } of questions) hash.update(JSON.stringify([text, context ?? null]));
  return hash.digest("hex");
}

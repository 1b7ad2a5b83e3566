import {
  createNgramFeaturizerFactory,
  createPrototypeFeaturizerFactory,
  type PrototypeFeaturizerState,
  restorePrototypeFeaturizer,
} from "@haps/features";
import type { Question } from "@haps/spec";
import { describe, expect, it } from "vitest";

const TEXTS = [
  "What is 12 plus 30?",
  "What is 7 plus 5 plus 1?",
  "What is 99 plus 3?",
  "Who wrote the novel Emma?",
  "Who wrote the play Faust?",
  "Who wrote the poem The Raven?",
  "Write a poem about a river.",
  "Write a poem about the sea.",
];
const ask = (texts: readonly string[]): Question[] => texts.map((text, index) => ({ id: `q${index}`, text }));

describe("restorePrototypeFeaturizer", () => {
  const ngrams = createNgramFeaturizerFactory({ components: 4, buckets: 1024 });
  const config = { counts: [2, 3], repeats: 2, width: 0.4 };
  const featurizer = createPrototypeFeaturizerFactory(ngrams, config).fit(ask(TEXTS), 1);
  const state = featurizer.serialise();
  const asked = ask([...TEXTS, "Who wrote a poem?", ""]);

  it("gives the same bits as the featurizer that was written, by way of JSON", () => {
    const text = JSON.stringify(state, (_key, value: unknown) => (value instanceof Float32Array ? [...value] : value));
    const read = JSON.parse(text) as PrototypeFeaturizerState;
    const values = Float32Array.from(read.prototypes.values);
    const restored = restorePrototypeFeaturizer(
      { ...read, prototypes: { ...read.prototypes, values } },
      featurizer.inner,
    );
    expect(restored.dimension).toBe(featurizer.dimension);
    expect(restored.transform(asked)).toEqual(featurizer.transform(asked));
    expect(restored.serialise()).toEqual(state);
  });

  it("shares no array with the state", () => {
    const before = featurizer.transform(asked);
    featurizer.serialise().prototypes.values.fill(7);
    expect(featurizer.transform(asked)).toEqual(before);
    const taken = featurizer.serialise();
    const restored = restorePrototypeFeaturizer(taken, featurizer.inner);
    taken.prototypes.values.fill(7);
    expect(restored.transform(asked)).toEqual(before);
  });

  it("refuses a state of another kind or version, misshapen, damaged or with a bad configuration", () => {
    const { shape, values } = state.prototypes;
    const [total = 0, dimension = 0] = shape;
    const damaged = Float32Array.from(values);
    damaged[3] = Number.NaN;
    const refusals: readonly (readonly [object, object])[] = [
      [{ kind: "ngram" }, { code: "state", facts: { kind: "ngram", formatVersion: 1 } }],
      [{ formatVersion: 2 }, { code: "state", facts: { kind: "prototype", formatVersion: 2 } }],
      [{ clusterings: [2, 2, 3] }, { code: "shape" }],
      [{ clusterings: [0, 10] }, { code: "config" }],
      [{ prototypes: { shape: [dimension, total], values } }, { code: "shape" }],
      [{ prototypes: { shape, values: values.subarray(1) } }, { code: "shape" }],
      [{ prototypes: { shape, values: damaged } }, { code: "non-finite", facts: { index: 3 } }],
      [{ config: { ...state.config, width: -1 } }, { code: "config" }],
      [{ config: { ...state.config, bandwidth: 1 } }, { code: "config" }],
    ];
    for (const [broken, refusal] of refusals) {
      expect(() => restorePrototypeFeaturizer({ ...state, ...broken }, featurizer.inner)).toThrow(
        expect.objectContaining(refusal),
      );
    }
  });

  it("refuses an inner featurizer of another length", () => {
    const other = createNgramFeaturizerFactory({ components: 2, buckets: 1024 }).fit(ask(TEXTS), 1);
    expect(other.dimension).not.toBe(featurizer.inner.dimension);
    expect(() => restorePrototypeFeaturizer(state, other)).toThrow(expect.objectContaining({ code: "shape" }));
  });
});

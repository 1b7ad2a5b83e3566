import { readFileSync } from "node:fs";
import {
  createNgramFeaturizerFactory,
  type NgramFeaturizerConfig,
  type NgramFeaturizerState,
  restoreNgramFeaturizer,
  STRUCTURAL_FEATURES,
} from "@haps/features";
import type { Question } from "@haps/spec";
import { expectClose } from "@haps/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

interface Golden {
  readonly train: readonly string[];
  readonly new: readonly string[];
  readonly buckets: number;
  readonly components: number;
  readonly features: readonly (readonly number[])[];
}

const golden = JSON.parse(readFileSync(new URL("golden/lsa.json", import.meta.url), "utf8")) as Golden;
const ask = (texts: readonly string[]): Question[] => texts.map((text, index) => ({ id: `q${index}`, text }));
const train = ask(golden.train);

function fit(config: NgramFeaturizerConfig = {}, questions: readonly Question[] = train, seed = 1) {
  return createNgramFeaturizerFactory(config).fit(questions, seed);
}

function rowOf(features: Float32Array, dimension: number, row: number): number[] {
  return [...features.subarray(row * dimension, (row + 1) * dimension)];
}

describe("latent features", () => {
  const { buckets, components } = golden;
  const latent = { buckets, components, structuralWeight: 0, characters: { minimum: 3, maximum: 4 } };

  it("agree with hashing, tf-idf and an exact decomposition written in NumPy, up to the sign of a component", () => {
    const featurizer = fit(latent);
    const features = featurizer.transform(ask([...golden.train, ...golden.new]));
    expect(featurizer.dimension).toBe(components);
    for (let component = 0; component < components; component += 1) {
      const got = golden.features.map((_, row) => features[row * components + component] as number);
      const expected = golden.features.map((row) => row[component] as number);
      const sign = Math.sign(got.reduce((sum, value, row) => sum + value * (expected[row] as number), 0));
      expectClose(
        got,
        expected.map((value) => value * sign),
        { rtol: 1e-4, atol: 2e-6 },
      );
    }
  });

  it("are zero for a text without known n-grams", () => {
    const featurizer = fit({ ...latent, characters: null });
    expect(rowOf(featurizer.transform(ask(["zzz qqq"])), featurizer.dimension, 0).every((value) => value === 0)).toBe(
      true,
    );
  });

  it("have length 1", () => {
    const featurizer = fit({ ...latent, spectrumPower: 0.5 });
    const row = rowOf(featurizer.transform(train), featurizer.dimension, 2);
    expect(Math.hypot(...row)).toBeCloseTo(1, 6);
  });

  it("put texts of one subject nearer to each other than to another subject", () => {
    const featurizer = fit(latent);
    const features = featurizer.transform(train);
    const cosine = (a: number, b: number): number => {
      const second = rowOf(features, components, b);
      return rowOf(features, components, a).reduce((sum, value, index) => sum + value * (second[index] as number), 0);
    };
    expect(cosine(0, 1)).toBeGreaterThan(cosine(0, 2));
    expect(cosine(2, 3)).toBeGreaterThan(cosine(2, 4));
  });
});

describe("structural features", () => {
  it("are standardised on the training questions, cut and scaled", () => {
    const questions = ask(["aa aa", "aa aa aa aa", "aa aa", "aa aa aa aa"]);
    const featurizer = fit({ structuralWeight: 2 }, questions);
    const offset = featurizer.dimension - STRUCTURAL_FEATURES.length;
    const unit = 2 / Math.sqrt(STRUCTURAL_FEATURES.length);
    const logCharacters = (row: readonly number[]): number => row[offset] as number;
    const features = featurizer.transform(questions);
    expect(logCharacters(rowOf(features, featurizer.dimension, 0))).toBeCloseTo(-unit, 5);
    expect(logCharacters(rowOf(features, featurizer.dimension, 1))).toBeCloseTo(unit, 5);
    const huge = rowOf(featurizer.transform(ask(["b".repeat(30_000)])), featurizer.dimension, 0);
    expect(logCharacters(huge)).toBeCloseTo(3 * unit, 5);
    expect(rowOf(features, featurizer.dimension, 0)[offset + STRUCTURAL_FEATURES.indexOf("shareOfDigits")]).toBe(0);
  });

  it("tell formats apart that share their words", () => {
    const featurizer = fit();
    const [plain, choices] = ["pick one red blue", "Pick one:\nA) red\nB) blue"].map((text) =>
      rowOf(featurizer.transform(ask([text])), featurizer.dimension, 0),
    );
    expect(plain).not.toEqual(choices);
  });
});

describe("NgramFeaturizer", () => {
  it("reads text and context only", () => {
    const featurizer = fit();
    const bare = { id: "a", text: "What is the capital of Peru?" };
    const labelled = { ...bare, id: "other", gold: { answer: "Lima" }, topic: "geography", dataset: "atlas" };
    expect(featurizer.transform([labelled])).toEqual(featurizer.transform([bare]));
    const withContext = featurizer.transform([{ ...bare, context: ["The river flows through the equation."] }]);
    expect(withContext).not.toEqual(featurizer.transform([bare]));
  });

  it("fits without looking at anything but text and context", () => {
    const labelled = train.map((question, index) => ({ ...question, id: `x${index}`, label: index }));
    expect(fit({}, labelled).serialise()).toEqual(fit().serialise());
  });

  it("touches no other field of a question than text and context, in fitting and in transforming", () => {
    const touched = new Set<string | symbol>();
    const watched = golden.train.map(
      (text, index): Question =>
        new Proxy(
          { id: `q${index}`, text, context: ["river"], gold: { answer: "x" }, topic: "y" },
          {
            get(target, field, receiver) {
              touched.add(field);
              return Reflect.get(target, field, receiver) as unknown;
            },
            ownKeys() {
              throw new Error("the fields of a question were listed");
            },
          },
        ),
    );
    fit({ characters: {} }, watched).transform(watched);
    expect(touched).toEqual(new Set(["context", "text"]));
  });

  it("takes line and paragraph separators for white space", () => {
    const featurizer = fit({ structuralWeight: 0 });
    const [separated, spaced] = ["the capital\u2028of\u2029France", "the capital of France"].map((text) =>
      featurizer.transform(ask([text])),
    );
    expect(separated).toEqual(spaced);
    expect(spaced?.some((value) => value !== 0)).toBe(true);
  });

  it("reads context after the text, within one limit", () => {
    const featurizer = fit({ maximumCharacters: 64, structuralWeight: 0 });
    const text = "capital of France ".repeat(4).slice(0, 64);
    const one = featurizer.transform([{ id: "a", text, context: ["river equation"] }]);
    expect(one).toEqual(featurizer.transform(ask([text])));
    const short = featurizer.transform([{ id: "a", text: "capital", context: ["river", "equation"] }]);
    expect(short).toEqual(featurizer.transform(ask(["capital\nriver\nequation"])));
  });

  it("gives the same bits for the same seed and a text the same features in any batch", () => {
    const first = fit({ components: 3 });
    const second = fit({ components: 3 });
    expect(first.serialise()).toEqual(second.serialise());
    const together = first.transform(train);
    train.forEach((question, row) => {
      expect(rowOf(together, first.dimension, row)).toEqual([...second.transform([question])]);
    });
  });

  it("gives finite features for any text", () => {
    const featurizer = fit();
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 300 }),
        fc.array(fc.string(), { maxLength: 2 }),
        (text, context) => {
          const features = featurizer.transform([{ id: "x", text, context }]);
          expect(features).toHaveLength(featurizer.dimension);
          expect(features.every(Number.isFinite)).toBe(true);
        },
      ),
      { seed: 5, numRuns: 200 },
    );
  });

  it.each(["", " \n\t", "?", "a", "💥".repeat(5000), "x".repeat(200_000)])("accepts odd text %#", (text) => {
    expect(
      fit()
        .transform(ask([text]))
        .every(Number.isFinite),
    ).toBe(true);
  });

  it("ignores what lies beyond the character limit", () => {
    const featurizer = fit({ maximumCharacters: 64 });
    const start = "capital river ".repeat(5).slice(0, 64);
    expect(featurizer.transform(ask([`${start} equation?`]))).toEqual(featurizer.transform(ask([start])));
  });

  it("transforms no questions to no features", () => {
    expect(fit().transform([])).toHaveLength(0);
  });

  it("fits on one question", () => {
    const featurizer = fit({}, ask(["Only one?"]));
    expect(featurizer.transform(ask(["Only one?", "Another"])).every(Number.isFinite)).toBe(true);
  });

  it("refuses to fit on nothing and on texts without anything in common", () => {
    expect(() => fit({}, [])).toThrow(expect.objectContaining({ code: "data" }));
    const foreign = ask(["alpha", "beta", "gamma"]);
    expect(() => fit({ structuralWeight: 0 }, foreign)).toThrow(expect.objectContaining({ code: "data" }));
    expect(fit({}, foreign).dimension).toBe(STRUCTURAL_FEATURES.length);
  });

  it.each<[string, object]>([
    ["buckets", { buckets: 1000 }],
    ["words", { words: { minimum: 3, maximum: 2 } }],
    ["words", { words: null }],
    ["component", { component: 3 }],
    ["structuralWeight", { structuralWeight: Number.NaN }],
  ])("names the field %s of a bad configuration", (field, config) => {
    expect(() => createNgramFeaturizerFactory(config as NgramFeaturizerConfig)).toThrow(
      expect.objectContaining({ code: "config", message: expect.stringContaining(field) as unknown }),
    );
  });
});

describe("restoreNgramFeaturizer", () => {
  const featurizer = fit({ characters: {}, components: 4, numbers: "shape" });
  const state = featurizer.serialise();

  it("gives the same bits as the featurizer that was written, also by way of JSON", () => {
    const json = JSON.parse(JSON.stringify({ ...state, arrays: {} })) as NgramFeaturizerState;
    const restored = restoreNgramFeaturizer({ ...json, arrays: state.arrays });
    const questions = ask([...golden.train, ...golden.new, ""]);
    expect(restored.transform(questions)).toEqual(featurizer.transform(questions));
    expect(restored.serialise()).toEqual(state);
  });

  it("gives the same bits after its numbers were written as decimal text", () => {
    const text = JSON.stringify(state, (_key, value: unknown) => (value instanceof Float32Array ? [...value] : value));
    const read = JSON.parse(text) as { arrays: Record<string, { shape: number[]; values: number[] }> };
    const arrays = Object.fromEntries(
      Object.entries(read.arrays).map(([name, { shape, values }]) => [
        name,
        { shape, values: Float32Array.from(values) },
      ]),
    );
    const restored = restoreNgramFeaturizer({ ...(read as unknown as NgramFeaturizerState), arrays });
    expect(restored.serialise()).toEqual(state);
    expect(restored.transform(train)).toEqual(featurizer.transform(train));
  });

  it("shares no array with the state", () => {
    const before = featurizer.transform(train);
    for (const { values } of Object.values(featurizer.serialise().arrays)) values.fill(7);
    expect(featurizer.transform(train)).toEqual(before);
    const taken = featurizer.serialise();
    const restored = restoreNgramFeaturizer(taken);
    for (const { values } of Object.values(taken.arrays)) values.fill(7);
    expect(restored.transform(train)).toEqual(before);
  });

  it("refuses a state with something missing, misshapen, damaged or of another kind", () => {
    const projection = state.arrays.projection as { shape: readonly number[]; values: Float32Array };
    const { "words.idf": _, ...missing } = state.arrays;
    const code = (broken: object): string => {
      try {
        restoreNgramFeaturizer({ ...state, ...broken });
        return "none";
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(code({ arrays: missing })).toBe("state");
    expect(code({ formatVersion: 2 })).toBe("state");
    expect(code({ config: { ...state.config, buckets: 17 } })).toBe("config");
    expect(code({ config: { ...state.config, buckets: 32 } })).toBe("shape");
    const [used = 0, components = 0] = projection.shape;
    expect(code({ arrays: { ...state.arrays, projection: { ...projection, shape: [used - 1, components] } } })).toBe(
      "shape",
    );
    const damaged = Float32Array.from(projection.values);
    damaged[3] = Number.NaN;
    expect(code({ arrays: { ...state.arrays, projection: { ...projection, values: damaged } } })).toBe("non-finite");
  });
});

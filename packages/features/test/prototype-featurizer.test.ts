import {
  createNgramFeaturizerFactory,
  createPrototypeFeaturizerFactory,
  type InnerFactory,
  type PrototypeFeaturizer,
  type PrototypeFeaturizerConfig,
  type PrototypeFeaturizerState,
} from "@haps/features";
import type { Featurizer, Question } from "@haps/spec";
import { createRng } from "@haps/tensor";
import { expectClose } from "@haps/testing";
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
const ngrams = createNgramFeaturizerFactory({ components: 4, buckets: 1024 });

/** Features written in the text itself: `"0.5 -1"` is `[0.5, -1]`. */
const numbers: InnerFactory<Featurizer> = {
  kind: "numbers",
  fit: (questions) => ({
    kind: "numbers",
    dimension: (questions[0] as Question).text.split(" ").length,
    transform: (asked) => Float32Array.from(asked.flatMap(({ text }) => text.split(" ").map(Number))),
  }),
};
const normals = createRng(3);
const POINTS = Array.from({ length: 30 }, () => [...normals.normals(3)]);
const points = ask(POINTS.map((point) => point.join(" ")));

function fit(config: PrototypeFeaturizerConfig = {}, seed = 1, questions = points): PrototypeFeaturizer {
  return createPrototypeFeaturizerFactory(numbers, config).fit(questions, seed);
}

const fitTexts = (config: PrototypeFeaturizerConfig = {}, texts = TEXTS) =>
  createPrototypeFeaturizerFactory(ngrams, config).fit(ask(texts), 1);

/** `[innerWeight x ; weight softmax(-|x - c|² / width) per clustering]` in float64. */
function byFormula(state: PrototypeFeaturizerState, x: readonly number[]): number[] {
  const { width, weight, innerWeight } = state.config;
  let start = 0;
  const memberships = state.clusterings.flatMap((size) => {
    const closeness = Array.from({ length: size }, (_, place) => {
      const at = (start + place) * x.length;
      const apart = x.reduce(
        (sum, value, index) => sum + (value - (state.prototypes.values[at + index] as number)) ** 2,
        0,
      );
      return Math.exp(-apart / width);
    });
    start += size;
    const total = closeness.reduce((sum, value) => sum + value, 0);
    return closeness.map((value) => (weight * value) / total);
  });
  return [...x.map((value) => innerWeight * value), ...memberships];
}

describe("createPrototypeFeaturizerFactory", () => {
  it.each<[string, PrototypeFeaturizerConfig]>([
    ["one clustering", { counts: [4], repeats: 1, width: 0.7 }],
    ["several of several sizes", { counts: [3, 5], repeats: 2, width: 1.5 }],
    ["other factors", { counts: [4], repeats: 2, width: 2, weight: 0.25, innerWeight: 3 }],
    ["no inner features", { counts: [2], innerWeight: 0, width: 3 }],
  ])("computes its formula: %s", (_case, config) => {
    const featurizer = fit(config);
    const state = featurizer.serialise();
    const asked = [...POINTS, [0, 0, 0], [1, -2, 0.5]];
    expectClose(
      featurizer.transform(ask(asked.map((point) => point.join(" ")))),
      asked.flatMap((point) => byFormula(state, point)),
      { rtol: 1e-5, atol: 1e-7 },
    );
  });

  it("gives memberships that sum to the weight in every clustering, however far a question is from all prototypes", () => {
    const featurizer = fit({ counts: [3, 6], repeats: 2, weight: 1.5, width: 1e-3 });
    expect(featurizer.dimension).toBe(3 + 2 * (3 + 6));
    const features = featurizer.transform(ask(["0 0 0", "1e4 -1e4 1e4", "1e-9 5 2"]));
    expect(features).toHaveLength(3 * featurizer.dimension);
    for (let row = 0; row < 3; row += 1) {
      let at = row * featurizer.dimension + 3;
      for (const size of featurizer.serialise().clusterings) {
        const own = [...features.subarray(at, at + size)];
        expect(own.every((value) => value >= 0)).toBe(true);
        expect(own.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1.5, 5);
        at += size;
      }
    }
  });

  it("puts a question wholly into its own group where groups are far apart", () => {
    const texts = ["0 0", "0 1", "9 0", "9 1", "0 9", "1 9"];
    const featurizer = fit({ counts: [3], repeats: 1, weight: 1 }, 2, ask(texts));
    const kinds = texts.map((_, row) => {
      const own = [...featurizer.transform(ask(texts)).subarray(row * 5 + 2, row * 5 + 5)];
      expect(Math.max(...own)).toBeCloseTo(1, 6);
      return own.indexOf(Math.max(...own));
    });
    expect(new Set(kinds).size).toBe(3);
    for (const [a, b] of [
      [0, 1],
      [2, 3],
      [4, 5],
    ] as const)
      expect(kinds[a]).toBe(kinds[b]);
  });

  it("tells kinds of questions apart by their n-grams, for texts that were never seen", () => {
    const featurizer = fitTexts({ counts: [3], repeats: 1 });
    const kindOf = (text: string): number => {
      const own = [...featurizer.transform(ask([text])).subarray(featurizer.inner.dimension)];
      return own.indexOf(Math.max(...own));
    };
    expect(kindOf("What is 1 plus 64?")).toBe(kindOf("What is 12 plus 30?"));
    expect(kindOf("Write a poem about a tree.")).toBe(kindOf("Write a poem about the sea."));
    expect(kindOf("What is 1 plus 64?")).not.toBe(kindOf("Write a poem about a tree."));
  });

  it("has 16 and 32 prototypes, four times each, or one for every distinct question", () => {
    const many = ask(Array.from({ length: 40 }, (_, index) => `${index} ${index ** 2}`));
    const featurizer = fit({}, 1, many);
    expect(featurizer.serialise().clusterings).toEqual([16, 16, 16, 16, 32, 32, 32, 32]);
    expect(featurizer.dimension).toBe(2 + 192);
    expect(fit({}, 1, ask(["1 2", "3 4", "1 2"])).serialise().clusterings).toEqual(new Array(8).fill(2));
  });

  it("fits on one question", () => {
    const featurizer = fit({ weight: 2 }, 1, ask(["3 4"]));
    expect([...featurizer.transform(ask(["7 8"]))]).toEqual([3.5, 4, ...new Array<number>(8).fill(2)]);
  });

  it("fits centres on as many questions as allowed, drawn by the seed, and the inner features on all", () => {
    let fitted = 0;
    const counting: InnerFactory<Featurizer> = {
      kind: "counting",
      fit: (questions, seed) => {
        fitted = questions.length;
        return numbers.fit(questions, seed);
      },
    };
    const config = { counts: [64], repeats: 1, maximumRows: 10 };
    const rowsFor = (seed: number): string[] => {
      const { prototypes } = createPrototypeFeaturizerFactory(counting, config).fit(points, seed).serialise();
      expect(prototypes.shape).toEqual([10, 3]);
      return Array.from({ length: 10 }, (_, row) =>
        [...prototypes.values.subarray(row * 3, row * 3 + 3)].join(),
      ).sort();
    };
    const rows = rowsFor(1);
    expect(fitted).toBe(30);
    expect(new Set(rows).size).toBe(10);
    const known = new Set(POINTS.map((point) => point.join()));
    expect(rows.every((row) => known.has(row))).toBe(true);
    expect(rowsFor(1)).toEqual(rows);
    expect(rowsFor(2)).not.toEqual(rows);
  });

  it("reads all questions where there are exactly as many as allowed", () => {
    const all = fit({ counts: [64], repeats: 1, maximumRows: 30 }).serialise();
    expect(all.clusterings).toEqual([30]);
  });

  it("gives the same bits for the same seed, others for another, and a text the same features in any batch", () => {
    const config = { counts: [4], repeats: 2 };
    const [first, second] = [fit(config), fit(config)];
    expect(first.serialise()).toEqual(second.serialise());
    expect(fit(config, 2).serialise().prototypes).not.toEqual(first.serialise().prototypes);
    const together = first.transform(points);
    points.forEach((question, row) => {
      const own = together.subarray(row * first.dimension, (row + 1) * first.dimension);
      expect([...second.transform([question])]).toEqual([...own]);
    });
  });

  it("does not change one clustering by asking for others beside it", () => {
    const alone = fit({ counts: [5], repeats: 1 }).serialise().prototypes.values;
    const among = fit({ counts: [3, 5], repeats: 2 }).serialise().prototypes.values;
    expect([...among.subarray(6 * 3, 11 * 3)]).toEqual([...alone]);
  });

  it("touches no other field of a question than text and context, in fitting and in transforming", () => {
    const touched = new Set<string | symbol>();
    const watched = TEXTS.map(
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
    createPrototypeFeaturizerFactory(ngrams, { counts: [2], maximumRows: 5 })
      .fit(watched, 1)
      .transform(watched);
    expect(touched).toEqual(new Set(["context", "text"]));
  });

  it.each(["", " \n\t", "💥", "zzz"])(
    "gives finite features for the odd text %j, also where it was trained on",
    (text) => {
      const untrained = fitTexts({ counts: [3] });
      const trained = fitTexts({ counts: [3] }, [...TEXTS, text]);
      for (const featurizer of [untrained, trained]) {
        const features = featurizer.transform(ask([text]));
        expect(features).toHaveLength(featurizer.dimension);
        expect(features.every(Number.isFinite)).toBe(true);
      }
    },
  );

  it("transforms no questions to no features, and refuses to fit on none", () => {
    expect(fit().transform([])).toHaveLength(0);
    expect(() => createPrototypeFeaturizerFactory(ngrams).fit([], 1)).toThrow(
      expect.objectContaining({ code: "data" }),
    );
  });

  it.each<[string, object]>([
    ["counts", { counts: [] }],
    ["counts", { counts: [0] }],
    ["repeats", { repeats: 0 }],
    ["maximumRows", { maximumRows: 1 }],
    ["width", { width: 0 }],
    ["weight", { weight: Number.NaN }],
    ["innerWeight", { innerWeight: -1 }],
    ['did you mean "counts"?', { count: [2] }],
  ])("names the field %s of a bad configuration", (field, config) => {
    expect(() => createPrototypeFeaturizerFactory(numbers, config as PrototypeFeaturizerConfig)).toThrow(
      expect.objectContaining({ code: "config", message: expect.stringContaining(field) as unknown }),
    );
  });
});

import { type ModelConfigInput, nextTokenLoss, type TrainingSequence } from "@haps/language-model";
import { lossAndGradients } from "@haps/tensor";
import { describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { referenceLogits, referenceLogSoftmax } from "../decoder/reference-decoder.ts";
import { drawTokens, smallModel, smallShapes } from "../decoder/small-models.ts";
import { fixtureModel, readTrainingFixture } from "./training-fixture.ts";

const fixture = readTrainingFixture();
const tied = smallShapes["qwen2 with biases and tied embeddings"] as ModelConfigInput;
const grouped = smallShapes["llama with grouped queries and scaled rotation"] as ModelConfigInput;

/** Mean over counted tokens, in float64, every sequence on its own. */
function referenceLoss(model: ReturnType<typeof smallModel>, sequences: readonly TrainingSequence[]): number {
  const losses = sequences.flatMap(({ tokens, lossFrom = 1, mask }) => {
    const ids = Array.from(tokens);
    const logProbs = referenceLogits(model, ids).map(referenceLogSoftmax);
    return ids.flatMap((token, position) => {
      const counts = position > 0 && (mask === undefined ? position >= lossFrom : mask[position] === true);
      return counts ? [-(logProbs[position - 1]?.[token] as number)] : [];
    });
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

function assign(variable: tf.Variable, values: Float32Array): void {
  tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
}

describeEachBackend("nextTokenLoss", (backend) => {
  it.each(["llama", "qwen2"] as const)("gives loss and gradients of an independent implementation: %s", (name) => {
    const { gradients, steps } = fixture.models[name];
    const model = fixtureModel(name);
    const found = lossAndGradients(model.variables, () => nextTokenLoss(model, fixture.sequences));
    expectClose(found.loss, steps[0]?.loss as number, { rtol: 1e-6 });
    expect([...found.gradients.keys()]).toEqual(Object.keys(gradients));
    for (const [parameter, expected] of Object.entries(gradients)) {
      expectClose(found.gradients.get(parameter) as Float32Array, expected, { rtol: 1e-4, atol: 2e-6 });
    }
    model.dispose();
  });

  for (const [name, shape] of Object.entries(smallShapes)) {
    it(`is the mean of the formulas over the tokens that count: ${name}`, () => {
      const model = smallModel(shape, 3);
      const masked = drawTokens(model, 7, 3);
      const sequences: TrainingSequence[] = [
        { tokens: drawTokens(model, 9, 1) },
        { tokens: Int32Array.from(drawTokens(model, 6, 2)), lossFrom: 4 },
        { tokens: masked, mask: masked.map((_, position) => position % 2 === 0) },
        { tokens: [5] }, // nothing to predict
      ];
      const loss = nextTokenLoss(model, sequences);
      expect(loss.shape).toEqual([]);
      expectClose(loss, referenceLoss(model, sequences), { rtol: 1e-5 });
      loss.dispose();
      model.dispose();
    });
  }

  it("agrees with central differences in a tied embedding, a fused kernel and a gain", () => {
    const model = smallModel({ ...tied, vocabulary: 7 }, 4);
    const sequences = [{ tokens: [1, 2, 3, 2, 6] }, { tokens: [4, 0, 5, 5], lossFrom: 2 }];
    const loss = (): number => {
      const value = nextTokenLoss(model, sequences);
      const [number] = value.dataSync();
      value.dispose();
      return number as number;
    };
    const { gradients } = lossAndGradients(model.variables, () => nextTokenLoss(model, sequences));
    for (const name of ["embedding", "layers/0/attention/kernel", "layers/1/mlp-norm/gain"]) {
      const variable = model.variables.get(name);
      const start = variable.dataSync<"float32">().slice();
      const at = (index: number, offset: number): number => {
        const moved = start.slice();
        moved[index] = (start[index] as number) + offset;
        assign(variable, moved);
        const value = loss();
        assign(variable, start);
        return value;
      };
      const places = Array.from({ length: 6 }, (_, place) => Math.floor(((place + 0.5) * start.length) / 6));
      const numeric = places.map((index) => (at(index, 5e-3) - at(index, -5e-3)) / 1e-2);
      const got = places.map((index) => gradients.get(name)?.[index] as number);
      expectClose(got, numeric, { rtol: 2e-2, atol: 1e-3 });
      expect(Math.max(...got.map(Math.abs))).toBeGreaterThan(1e-2);
    }
    model.dispose();
  });

  it("does not depend on the order or the packing of sequences, nor on tokens after the last that counts", () => {
    const model = smallModel(grouped, 5);
    const sequence = fc.record({
      tokens: fc.array(fc.integer({ min: 0, max: 22 }), { minLength: 3, maxLength: 9 }),
      lossFrom: fc.integer({ min: 1, max: 2 }),
    });
    const lossOf = (sequences: readonly TrainingSequence[]): number => {
      const value = nextTokenLoss(model, sequences);
      const [number] = value.dataSync();
      value.dispose();
      return number as number;
    };
    const check = fc.property(fc.array(sequence, { minLength: 1, maxLength: 4 }), (sequences) => {
      const counts = sequences.map(({ tokens, lossFrom }) => tokens.length - lossFrom);
      const total = counts.reduce((sum, count) => sum + count, 0);
      const apart = sequences.reduce((sum, one, index) => sum + ((counts[index] as number) / total) * lossOf([one]), 0);
      const whole = lossOf(sequences);
      expectClose(whole, apart, { rtol: 1e-5 });
      expectClose(lossOf([...sequences].reverse()), whole, { rtol: 1e-5 });
      const longer = sequences.map(({ tokens, lossFrom }) => ({
        tokens: [...tokens, 1, 2],
        mask: [...tokens.map((_, position) => position >= lossFrom), false, false],
      }));
      expect(lossOf(longer)).toBe(whole);
    });
    fc.assert(check, { seed: 7, numRuns: backend === "cpu" ? 10 : 30 });
    model.dispose();
  });

  it("leaves no tensors behind, with and without a gradient", () => {
    const model = smallModel(tied, 6);
    const sequences = [{ tokens: [1, 2, 3, 4], lossFrom: 2 }];
    expectNoTensorLeak(() => nextTokenLoss(model, sequences));
    expectNoTensorLeak(() => {
      lossAndGradients(model.variables, () => nextTokenLoss(model, sequences));
      return [];
    });
    model.dispose();
  });
});

describe("sequences that cannot be learned from", () => {
  const refusals: readonly (readonly [
    string,
    readonly TrainingSequence[],
    RegExp,
    Readonly<Record<string, unknown>>,
  ])[] = [
    ["nothing at all", [], /none of the tokens of 0 sequences counts/, { sequences: 0 }],
    ["single tokens", [{ tokens: [1] }, { tokens: [] }], /none of the tokens of 2 sequences/, { sequences: 2 }],
    ["a mask without a token", [{ tokens: [1, 2], mask: [true, false] }], /none of the tokens/, { sequences: 1 }],
    ["a short mask", [{ tokens: [1, 2], mask: [true] }], /mask of 1 entries for 2 tokens/, { mask: 1, tokens: 2 }],
    ["mask and lossFrom", [{ tokens: [1, 2], mask: [true, true], lossFrom: 1 }], /give one of them/, { lossFrom: 1 }],
    ["lossFrom 0", [{ tokens: [1, 2], lossFrom: 0 }], /lossFrom 0; expected a whole number from 1/, { lossFrom: 0 }],
    [
      "an unknown token",
      [{ tokens: [1, 2] }, { tokens: [1, 11] }],
      /sequence 1 has token 11 at position 1/,
      { token: 11 },
    ],
    ["half a token", [{ tokens: [0.5, 1] }], /token 0.5 at position 0/, { sequence: 0, position: 0 }],
    [
      "too long a sequence",
      [{ tokens: Array<number>(34).fill(1) }],
      /34 tokens; expected at most the context of 32/,
      { tokens: 34 },
    ],
  ];

  it.each(refusals)("are refused by name: %s", (_, sequences, message, facts) => {
    const model = fixtureModel("llama");
    expect(() => nextTokenLoss(model, sequences)).toThrow(
      expect.objectContaining({
        code: "data",
        message: expect.stringMatching(message),
        facts: expect.objectContaining(facts),
      }),
    );
    model.dispose();
  });

  it("may fill the context and predict one token more", () => {
    const model = fixtureModel("llama");
    const loss = nextTokenLoss(model, [{ tokens: Array<number>(33).fill(1) }]);
    expect(loss.dataSync()[0]).toBeGreaterThan(0);
    loss.dispose();
    model.dispose();
  });
});

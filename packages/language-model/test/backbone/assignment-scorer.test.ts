import { type AssignmentTokens, createTransformerBackbone, type LanguageModel } from "@haps/language-model";
import { type AssignmentScorer, tidyValue } from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";
import { drawTokens, smallModel, smallShapes } from "../decoder/small-models.ts";
import { assignments, bareAssignments, jointOf, stepScores, wholeScores } from "./assignment-oracle.ts";
import { withWeights } from "./with-weights.ts";

const shapes = Object.entries(smallShapes);
const PREFIXES = [[], [0], [1], [2]];

/** Scores of some prompts, read out and freed. */
function scored<Value>(
  model: LanguageModel,
  tokens: AssignmentTokens,
  prompts: readonly (readonly number[])[],
  read: (scorer: AssignmentScorer) => Value,
  inference = true,
): Value {
  const backbone = createTransformerBackbone({ model, assignments: tokens });
  return tidyValue(() => {
    const { scorer } = backbone.encode(
      prompts.map((prompt) => ({ tokens: prompt })),
      { inference },
    );
    return read(scorer as AssignmentScorer);
  });
}

describeEachBackend("scores of assignments", () => {
  for (const [name, shape] of shapes) {
    it.each([true, false])(`are those of a pass over each whole text [${name}, inference %s]`, (inference) => {
      const model = smallModel(shape, 3);
      const prompts = [drawTokens(model, 9, 1), drawTokens(model, 3, 2)];
      for (const tokens of [assignments, bareAssignments]) {
        const { joint, next } = scored(
          model,
          tokens,
          prompts,
          (scorer) => ({
            joint: [...jointOf(scorer).dataSync()],
            next: [...scorer.next([PREFIXES, PREFIXES]).dataSync()],
          }),
          inference,
        );
        expectClose(
          joint,
          prompts.flatMap((prompt) => wholeScores(model, tokens, prompt)),
          { atol: 1e-5 },
        );
        expectClose(
          next,
          prompts.flatMap((prompt) => PREFIXES.flatMap((prefix) => stepScores(model, tokens, prompt, prefix))),
          { atol: 1e-5 },
        );
      }
      model.dispose();
    });
  }

  it("answers in the order of asking, whatever is asked of which prompt", () => {
    const model = smallModel(shapes[0]?.[1] as (typeof shapes)[0][1], 3);
    const prompts = [drawTokens(model, 4, 1), drawTokens(model, 6, 2), drawTokens(model, 2, 3)];
    const asked = [[[2], []], [], [[1], [1]]];
    const expected = asked.flatMap((prefixes, row) =>
      prefixes.flatMap((prefix) => stepScores(model, assignments, prompts[row] as number[], prefix)),
    );
    for (const inference of [true, false]) {
      const got = scored(model, assignments, prompts, (scorer) => [...scorer.next(asked).dataSync()], inference);
      expectClose(got, expected, { atol: 1e-5 });
    }
    model.dispose();
  });

  it("do not depend on the other prompts of the batch", () => {
    const model = smallModel(shapes[0]?.[1] as (typeof shapes)[0][1], 4);
    const prompts = [5, 11, 1, 30].map((length, index) => drawTokens(model, length, index));
    const read = (scorer: AssignmentScorer) => [...jointOf(scorer).dataSync()];
    const together = scored(model, assignments, prompts, read);
    const alone = prompts.flatMap((prompt) => scored(model, assignments, [prompt], read));
    if (tf.getBackend() === "wasm") expect(together).toEqual(alone);
    else expectClose(together, alone, { atol: 1e-5 });
    model.dispose();
  });

  it("carry gradients to a kernel, with the prompt's keys and values on the way", () => {
    const shape = shapes[2]?.[1] as (typeof shapes)[0][1];
    const model = smallModel(
      { ...shape, dim: 6, hidden: 4, heads: 2, keyValueHeads: 1, headDim: 2, vocabulary: 12 },
      5,
    );
    const names = ["layers/0/attention/kernel", "norm/gain"];
    const inputs = names.map((name) => tf.clone(model.variables.get(name)));
    const prompts = [{ tokens: [1, 2, 3] }, { tokens: [6, 5] }];
    checkGradient((...weights) => {
      const varied = withWeights(
        model,
        Object.fromEntries(names.map((name, index) => [name, weights[index] as tf.Tensor])),
      );
      const { scorer } = createTransformerBackbone({ model: varied, assignments }).encode(prompts);
      const asked = [[[], [1]], [[2]]];
      return tf.concat([tf.reshape(jointOf(scorer), [-1]), tf.reshape(scorer?.next(asked) as tf.Tensor, [-1])]);
    }, inputs);
    tf.dispose(inputs);
    model.dispose();
  });

  it("carry gradients to tied embeddings from both ends", () => {
    const shape = shapes[1]?.[1] as (typeof shapes)[0][1];
    const model = smallModel({ ...shape, dim: 6, hidden: 4, heads: 2, vocabulary: 12 }, 6);
    const table = tf.clone(model.variables.get("embedding"));
    checkGradient(
      (embedding) => {
        const varied = withWeights(model, { embedding: embedding });
        const { scorer } = createTransformerBackbone({ model: varied, assignments }).encode([{ tokens: [1, 2] }]);
        return jointOf(scorer);
      },
      [table],
    );
    table.dispose();
    model.dispose();
  });

  it("cost one pass over the tokens that differ, N * K along a path in the factorised form", async () => {
    const model = smallModel({ ...(shapes[0]?.[1] as (typeof shapes)[0][1]), context: 128 }, 7);
    const { dim } = model.config;
    const rowsPerCandidate: number[] = [];
    for (const roles of [1, 2, 4]) {
      for (const candidates of [2, 4, 8]) {
        const options = Array.from({ length: candidates }, (_, candidate) => [3 + candidate, 2]);
        const tokens: AssignmentTokens = {
          roles: Array.from({ length: roles }, () => ({ lead: [1], options })),
          end: [],
        };
        const { scorer } = createTransformerBackbone({ model, assignments: tokens }).encode([{ tokens: [5, 6, 7] }]);
        const path = Array.from({ length: roles }, (_, role) => new Array<number>(role).fill(1));
        const { kernels } = await tf.profile(() => scorer?.next([path]));
        const products = kernels.filter(
          ({ name, inputShapes }) => /MatMul/.test(name) && inputShapes[0]?.at(-1) === dim,
        );
        const heads = products.filter(({ outputShapes }) => outputShapes[0]?.at(-1) === model.config.vocabulary);
        expect(heads).toHaveLength(1);
        const scoredRows = heads[0]?.outputShapes[0]?.at(-2) as number;
        // The option's first token is read off the row before it, its ending off the row of the id.
        expect(scoredRows).toBe(roles * (candidates + 1));
        const layers = products.filter((product) => !heads.includes(product));
        const run = Math.max(...layers.map(({ outputShapes }) => outputShapes[0]?.at(-2) as number));
        // The first lead runs with the prompt; the chosen options' endings and the other leads are context.
        expect(run).toBe(roles * candidates + 2 * (roles - 1));
        rowsPerCandidate.push(run / (roles * candidates));
      }
    }
    expect(Math.max(...rowsPerCandidate)).toBeLessThanOrEqual(2);
    model.dispose();
    tf.disposeVariables();
  });

  it("are remembered in inference: no pass for what was answered", async () => {
    const model = smallModel(shapes[0]?.[1] as (typeof shapes)[0][1], 8);
    const backbone = createTransformerBackbone({ model, assignments });
    const products = async (run: () => void): Promise<number> => {
      const { kernels } = await tf.profile(run);
      return kernels.filter(({ name }) => /MatMul/.test(name)).length;
    };
    const { scorer } = backbone.encode([{ tokens: [5, 6, 7] }], { inference: true });
    expect(await products(() => scorer?.next([[[], [1]]]))).toBeGreaterThan(0);
    expect(await products(() => scorer?.next([[[1], []]]))).toBe(0);
    expect(await products(() => scorer?.joint?.())).toBeGreaterThan(0);
    expect(await products(() => scorer?.joint?.())).toBe(0);
    model.dispose();
    tf.disposeVariables();
  });

  it.each([true, false])("are never handed out where they are no numbers [inference %s]", (inference) => {
    const model = smallModel(shapes[0]?.[1] as (typeof shapes)[0][1], 11);
    tf.tidy(() => model.variables.get("norm/gain").assign(tf.fill([model.config.dim], Number.NaN)));
    const error = expect.objectContaining({
      code: "non-finite",
      message: expect.stringMatching(/score 0 of \d+ is NaN/) as unknown,
    });
    scored(
      model,
      assignments,
      [[5, 6], [1]],
      (scorer) => {
        expect(() => jointOf(scorer)).toThrow(error);
        expect(() => scorer.next([[[]], [[1]]])).toThrow(error);
      },
      inference,
    );
    model.dispose();
  });

  it("refuse texts that are too many, and prefixes that are none", () => {
    const model = smallModel(shapes[0]?.[1] as (typeof shapes)[0][1], 9);
    const options = Array.from({ length: 7 }, (_, candidate) => [3 + candidate]);
    const tokens: AssignmentTokens = { roles: [1, 2, 3].map(() => ({ lead: [1], options })), end: [] };
    scored(model, tokens, [[5, 6]], (scorer) => {
      expect(() => scorer.joint?.()).toThrow(
        expect.objectContaining({ code: "config", message: expect.stringContaining("343 texts") as unknown }),
      );
      for (const wrong of [[], [[]], [[[7]]], [[[-1]]], [[[0, 1, 2]]]]) {
        expect(() => scorer.next(wrong)).toThrow(expect.objectContaining({ code: "config" }));
      }
    });
    model.dispose();
  });

  it.each([true, false])("leave nothing allocated [inference %s]", (inference) => {
    const model = smallModel(shapes[1]?.[1] as (typeof shapes)[0][1], 10);
    model.headKernel();
    const backbone = createTransformerBackbone({ model, assignments });
    expectNoTensorLeak(() =>
      tf.tidy(() => {
        const { hidden, scorer } = backbone.encode([{ tokens: [5, 6] }, { tokens: [1] }], { inference });
        return [hidden, jointOf(scorer), scorer?.next([[[]], [[1]]]) as tf.Tensor];
      }),
    );
    model.dispose();
  });
});

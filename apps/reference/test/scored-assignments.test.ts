import { createScoredAssignments } from "@haps/architecture-router";
import { createLoraGenerator, lastLayerTargets } from "@haps/hypernetwork";
import {
  assignmentText,
  createLanguageModel,
  createTransformerBackbone,
  embedTokens,
  encodeAssignments,
  encodePrompt,
  finalNorm,
  type LanguageModel,
  logitsOf,
  packSequences,
  runLayers,
} from "@haps/language-model";
import {
  type AssignmentScorer,
  createRng,
  createSgd,
  joinVariables,
  lossAndGradients,
  type NamedVariables,
  type PromptBackbone,
  tidyValue,
  trainStep,
} from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const ROLES = ["teacher", "student"];
const END = 127;
const letters = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));
const promptOf = (question: string) =>
  encodePrompt({ before: "Candidates 0 and 1. ", question, after: " Assign: ", encode: letters });
const PROMPTS = ["Who wrote it?", "6 x 7"].map(promptOf);

function makeModel(): LanguageModel {
  const shape = { family: "qwen2", vocabulary: 128, dim: 16, layers: 2, heads: 4, keyValueHeads: 2 } as const;
  const rest = { hidden: 24, context: 128, tiedEmbeddings: true, initialDeviation: 0.3 } as const;
  return createLanguageModel({ ...shape, ...rest, rng: createRng(3) });
}

function makeBackbone(model: LanguageModel, candidates: number, trainFrom: number | "frozen" = 0): PromptBackbone {
  const assignments = encodeAssignments({ roles: ROLES, candidates, encode: letters, endToken: END });
  return createTransformerBackbone({ model, assignments, pooling: "span", trainFrom });
}

/** `log P(text[from, to) | before)` by a pass over the whole sequence and a softmax in float64. */
function logProbOf(model: LanguageModel, sequence: readonly number[], from: number, to = sequence.length): number {
  return tidyValue(() => {
    const { tokens, ...rows } = packSequences([sequence]);
    const logits = logitsOf(model, finalNorm(model, runLayers(model, embedTokens(model, tokens), rows))).arraySync();
    let sum = 0;
    for (let place = from; place < to; place += 1) {
      const row = logits[place - 1] as number[];
      const top = Math.max(...row);
      const total = row.reduce((all, logit) => all + Math.exp(logit - top), 0);
      sum += (row[sequence[place] as number] as number) - top - Math.log(total);
    }
    return sum;
  });
}

/** Probability of each assignment, from whole texts. */
function bruteForce(
  model: LanguageModel,
  prompt: readonly number[],
  form: "joint" | "autoregressive",
  legal: readonly boolean[],
): number[] {
  const candidates = legal.flatMap((allowed, candidate) => (allowed ? [candidate] : []));
  const softmaxOf = (scores: readonly number[]): number[] => {
    const weights = scores.map((score) => Math.exp(score - Math.max(...scores)));
    return weights.map((weight) => weight / weights.reduce((sum, other) => sum + other, 0));
  };
  const textOf = (assignment: readonly number[]) => [...prompt, ...letters(assignmentText(ROLES, assignment)), END];
  const all = legal.flatMap((_, first) => legal.map((_unused, second) => [first, second]));
  const isLegal = (assignment: readonly number[]) => assignment.every((candidate) => legal[candidate]);
  if (form === "joint") {
    const listed = all.filter(isLegal);
    const shares = softmaxOf(listed.map((assignment) => logProbOf(model, textOf(assignment), prompt.length)));
    return all.map((assignment) => shares[listed.indexOf(assignment)] ?? 0);
  }
  // Ids of one digit stand at these places.
  const places = [letters('{"teacher": ').length, letters('{"teacher": 0,"student": ').length];
  const step = (role: number, before: readonly number[]): Map<number, number> => {
    const place = prompt.length + (places[role] as number);
    const scores = candidates.map((candidate) => {
      const assignment = [...before, candidate, 0].slice(0, 2);
      return logProbOf(model, textOf(assignment), place, place + 1);
    });
    return new Map(softmaxOf(scores).map((share, index) => [candidates[index] as number, share]));
  };
  const first = step(0, []);
  const second = new Map(candidates.map((candidate) => [candidate, step(1, [candidate])]));
  return all.map(([one = 0, two = 0]) => (first.get(one) ?? 0) * (second.get(one)?.get(two) ?? 0));
}

function scorerOf(backbone: PromptBackbone, inference: boolean): AssignmentScorer {
  const { scorer } = backbone.encode(PROMPTS, { inference });
  if (scorer === undefined) throw new Error("the backbone was given assignments");
  return scorer;
}

const namesOf = (variables: NamedVariables) => variables.names();

describeEachBackend("assignments scored by a language model", () => {
  for (const form of ["joint", "autoregressive"] as const) {
    it(`have the probabilities of their texts among the legal ones [${form}]`, () => {
      const model = makeModel();
      const legal = [
        [true, true, true],
        [true, false, true],
      ];
      const expected = PROMPTS.map(({ tokens }, row) => bruteForce(model, tokens, form, legal[row] as boolean[]));
      for (const inference of [true, false]) {
        tidyValue(() => {
          const scorer = scorerOf(makeBackbone(model, 3), inference);
          const distribution = createScoredAssignments(scorer, { form, legal });
          const probabilities = tf.exp(distribution.allLogProbs());
          expectClose(probabilities, expected.flat(), { atol: 1e-5 });
          expectClose(tf.sum(probabilities, 1), [1, 1], { atol: 1e-6 });
          probabilities.dataSync().forEach((probability, place) => {
            expect(probability === 0).toBe(expected.flat()[place] === 0);
          });
          const best = expected.map((row) => row.indexOf(Math.max(...row)));
          expect(distribution.top(1).map(([first]) => first?.assignment)).toEqual(
            best.map((code) => [Math.floor(code / 3), code % 3]),
          );
          for (const assignment of distribution.sample(createRng(1)).slice(1)) {
            expect(assignment.every((candidate) => legal[1]?.[candidate])).toBe(true);
          }
        });
      }
      model.dispose();
    });

    it(`learn which assignment pays, from one pass that the hypernetwork reads too [${form}]`, () => {
      const model = makeModel();
      const backbone = makeBackbone(model, 2);
      const targets = lastLayerTargets({ layers: 2, in: 16, out: 16, rank: 2 });
      const space = { targets, scale: 0.1 };
      const generator = createLoraGenerator({ space, hiddenDimension: 16, trunkWidth: 8, rng: createRng(5) });
      const all = joinVariables({ backbone: backbone.variables, generator: generator.variables });
      const chosen = [
        [1, 0],
        [0, 1],
      ];
      /** Both levels of one pass; the low level by a surrogate whose slope is 1 for each factor. */
      const levels = () => {
        const { hidden, scorer } = backbone.encode(PROMPTS);
        const distribution = createScoredAssignments(scorer, { form });
        const lora = generator.generate(hidden).targets.flatMap(({ down, up }) => [tf.sum(down), tf.sum(up)]);
        return { high: tf.neg(tf.sum(distribution.logProb(chosen))), low: tf.addN(lora) };
      };
      const both = lossAndGradients(all, () => {
        const { high, low } = levels();
        return tf.add(high, low);
      });
      const high = lossAndGradients(all, () => levels().high);
      const low = lossAndGradients(all, () => levels().low);
      expect([...both.gradients.keys()]).toEqual(namesOf(all));
      expect([...high.gradients.keys()].every((name) => name.startsWith("backbone/"))).toBe(true);
      for (const [name, gradient] of both.gradients) {
        const parts = [high, low].map(({ gradients }) => gradients.get(name));
        const sum = gradient.map((_, place) => parts.reduce((total, part) => total + (part?.[place] ?? 0), 0));
        expectClose(gradient, sum, { atol: 1e-4, rtol: 1e-4 });
      }
      const optimizer = createSgd(backbone.variables, { learningRate: 0.02 });
      const losses = Array.from({ length: 8 }, () => trainStep(optimizer, () => levels().high, { clipNorm: 1 }).loss);
      expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] as number));
      generator.variables.dispose();
      model.dispose();
    });
  }

  it("leave the layers below alone when only the upper ones are trained", () => {
    const model = makeModel();
    const backbone = makeBackbone(model, 2, 1);
    const before = model.variables.get("layers/0/down/kernel").dataSync().slice();
    const trained = model.variables.get("layers/1/down/kernel").dataSync().slice();
    const optimizer = createSgd(backbone.variables, { learningRate: 0.1 });
    trainStep(optimizer, () => {
      const distribution = createScoredAssignments(scorerOf(backbone, false), { form: "joint" });
      return tf.neg(tf.sum(distribution.logProb(PROMPTS.map(() => [1, 1]))));
    });
    expect(model.variables.get("layers/0/down/kernel").dataSync()).toEqual(before);
    expect(model.variables.get("layers/1/down/kernel").dataSync()).not.toEqual(trained);
    model.dispose();
  });
});

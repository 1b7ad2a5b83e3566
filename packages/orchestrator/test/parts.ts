import type { HapsParts } from "@haps/orchestrator";
import type { Candidate, FeaturizerFactory, Question, Settings } from "@haps/spec";
import {
  type AssignmentHead,
  type Backbone,
  createVariables,
  linear,
  logSoftmax,
  type NamedArray,
  type NamedVariables,
  type ParameterGenerator,
  type Rng,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/** Parts of HAPS of the tests' own: the plainest that keep the contracts, so that the tests hang on no package of routers. */
export function testParts(featurizer: FeaturizerFactory = wordFeatures): HapsParts {
  return {
    featurizer,
    createBackbone: createTestBackbone,
    createArchitecture: createTestHead,
    createParameters: ({ pool, hiddenDimension, rng }) =>
      new Map(
        pool.candidates.flatMap((candidate) => {
          const settings = settingsOf(candidate);
          return settings.length === 0
            ? []
            : [[candidate.id, createTestGenerator(settings, hiddenDimension, rng.fork(candidate.id))] as const];
        }),
      ),
    settingsOf,
  };
}

/** All combinations of the values of a candidate, the first dimension slowest. */
export function settingsOf({ parameters }: Candidate): readonly Settings[] {
  const dimensions = Object.entries(parameters.settings ?? {});
  if (dimensions.length === 0) return [];
  return dimensions.reduce<readonly Settings[]>(
    (heads, [name, { values }]) => heads.flatMap((head) => values.map((value) => ({ ...head, [name]: value }))),
    [{}],
  );
}

/** `h = [tanh(W x), x]`. */
export function createTestBackbone(featureDimension: number, rng: Rng, width = 3): Backbone {
  const variables = createVariables([["weight", normal(rng, [width, featureDimension], 0.5)]]);
  return {
    variables,
    featureDimension,
    hiddenDimension: width + featureDimension,
    encode: (features) =>
      tf.tidy(() =>
        tf.concat<tf.Tensor2D>(
          [tf.tanh(linear(features, variables.get("weight") as tf.Tensor2D)) as tf.Tensor2D, features],
          1,
        ),
      ),
  };
}

/** One logit per assignment, `u(h) - β v(h)`, plus the values of its candidates. */
export function createTestHead(options: {
  readonly roles: number;
  readonly candidates: number;
  readonly hiddenDimension: number;
  readonly rng: Rng;
}): AssignmentHead {
  const { roles, candidates, hiddenDimension, rng } = options;
  const size = candidates ** roles;
  const variables = createVariables(costLinear(rng, size, hiddenDimension));
  const spread = new Float32Array(size * candidates);
  for (let code = 0; code < size; code += 1) {
    for (let role = 0, rest = code; role < roles; role += 1, rest = Math.floor(rest / candidates)) {
      const cell = code * candidates + (rest % candidates);
      spread[cell] = (spread[cell] as number) + 1;
    }
  }
  const unused = (): never => {
    throw new Error("the orchestrator reads allLogProbs alone");
  };
  return {
    variables,
    roles,
    candidates,
    forward: (hidden, costWeights, { values } = {}) => {
      const scores = costLinearScores(variables, hidden, costWeights);
      const logits =
        values === undefined ? scores : tf.add(scores, linear(values, tf.tensor2d(spread, [size, candidates])));
      const logProbs = logSoftmax(logits) as tf.Tensor2D; // [batch, candidates ** roles]
      return {
        roles,
        candidates,
        allLogProbs: () => logProbs,
        logProb: unused,
        sample: unused,
        top: unused,
        marginals: unused,
      };
    },
  };
}

/** One logit per setting, `u(h) - β v(h)`. */
export function createTestGenerator(
  settings: readonly Settings[],
  hiddenDimension: number,
  rng: Rng,
): ParameterGenerator {
  const variables = createVariables(costLinear(rng, settings.length, hiddenDimension));
  return {
    variables,
    settings,
    generate: (hidden, costWeights) => {
      const logits = costLinearScores(variables, hidden, costWeights);
      const logProbs = logSoftmax(logits) as tf.Tensor2D;
      return { settings, logProbs, value: tf.mean<tf.Tensor1D>(tf.sub(logits, logProbs), 1) };
    },
  };
}

function costLinear(rng: Rng, size: number, width: number): readonly (readonly [string, NamedArray])[] {
  return ["quality", "cost"].map((part) => [part, normal(rng.fork(part), [size, width], 0.02)]);
}

function costLinearScores(variables: NamedVariables, hidden: tf.Tensor2D, costWeights: tf.Tensor1D): tf.Tensor2D {
  const scores = (part: string): tf.Tensor => linear(hidden, variables.get(part) as tf.Tensor2D);
  return tf.sub(scores("quality"), tf.mul(scores("cost"), tf.reshape(costWeights, [-1, 1])));
}

function normal(rng: Rng, shape: readonly [number, number], scale: number): NamedArray {
  return { shape, values: rng.normals(shape[0] * shape[1], scale) };
}

/** Whether the 8 most frequent words of the training texts occur, and a constant. */
export const wordFeatures: FeaturizerFactory = {
  kind: "words",
  fit: (training) => {
    const counts = new Map<string, number>();
    for (const word of training.flatMap(wordsOf)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const words = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 8);
    return {
      kind: "words",
      dimension: words.length + 1,
      transform: (questions) =>
        Float32Array.from(
          questions.flatMap((question) => {
            const own = new Set(wordsOf(question));
            return [...words.map(([word]) => (own.has(word) ? 1 : 0)), 1];
          }),
        ),
    };
  },
};

function wordsOf({ text }: Question): string[] {
  return text.toLowerCase().match(/[a-z]+/g) ?? [];
}

/** Features written in the text itself: `"0.5 -1"` is `[0.5, -1]`. */
export function numberFeatures(dimension: number): FeaturizerFactory {
  return {
    kind: "numbers",
    fit: () => ({
      kind: "numbers",
      dimension,
      transform: (questions) => Float32Array.from(questions.flatMap(({ text }) => text.split(" ").map(Number))),
    }),
  };
}

import {
  createJointTrainer,
  type JointTrainer,
  type JointTrainerConfig,
  type JointTrainerOptions,
} from "@haps/orchestrator";
import { resolveObjective } from "@haps/reward";
import { createRng, type NamedArray, readVariables } from "@haps/tensor";
import { type ToyEngine, type ToyEnvironment, toyEngines, toyEnvironment, toyPolicy, toyQuestions } from "./toy.ts";

/** AdamW without memory and with a huge epsilon is plain gradient descent: an update is the gradient itself. */
export const DESCENT = { learningRate: 1e8, beta1: 0, beta2: 0, epsilon: 1e8 };
/** Eq. 5 with the question's other episodes as a baseline. */
export const objective = resolveObjective({
  assignmentGradient: "reinforce",
  parameterGradient: "tokenLikelihood",
  baseline: { kind: "leaveOneOut" },
});
export const questions = toyQuestions(3);

/** A trainer with what it works on. */
export interface Setup {
  readonly trainer: JointTrainer;
  readonly policy: ReturnType<typeof toyPolicy>;
  readonly environment: ToyEnvironment;
  readonly engines: ReadonlyMap<string, ToyEngine>;
}

/** Plain descent on 2 questions of 3 episodes each, unless told otherwise. */
export function setUp(
  config: Partial<JointTrainerConfig> = {},
  options: Partial<Omit<JointTrainerOptions, "config" | "environment" | "engines">> & {
    readonly environment?: ToyEnvironment;
    readonly engines?: ReadonlyMap<string, ToyEngine>;
    readonly seed?: number;
  } = {},
): Setup {
  const { seed = 3, environment = toyEnvironment(), engines = toyEngines(), policy = toyPolicy() } = options;
  const trainer = createJointTrainer({
    policy,
    questions,
    objective,
    costScale: null,
    rng: createRng(seed),
    ...options,
    environment,
    engines,
    config: {
      optimizer: DESCENT,
      clipNorm: null,
      questionsPerStep: 2,
      rollouts: 3,
      decoding: { maxTokens: 1 },
      ...config,
    },
  });
  return { trainer, policy, environment, engines };
}

export const weightsOf = ({ policy }: Setup): ReadonlyMap<string, NamedArray> => readVariables(policy.variables);
export const valuesOf = (weights: ReadonlyMap<string, NamedArray>): ReadonlyMap<string, Float32Array> =>
  new Map([...weights].map(([name, { values }]) => [name, values]));

/** What an update took off, that is the gradient under `DESCENT`. */
export function difference(
  before: ReadonlyMap<string, NamedArray>,
  after: ReadonlyMap<string, NamedArray>,
): ReadonlyMap<string, readonly number[]> {
  return new Map(
    [...before].map(([name, { values }]) => {
      const moved = (after.get(name) as NamedArray).values;
      return [name, Array.from(values, (value, index) => value - (moved[index] as number))];
    }),
  );
}

import { createPromptPolicy, type LiveQuestion, type PromptPolicyParts } from "@haps/orchestrator";
import type {
  CallRecord,
  Environment,
  GradientEngine,
  GradientItem,
  LoraFactors,
  LoraWeights,
  Outcome,
  RolePlayer,
  Task,
  Trial,
} from "@haps/spec";
import {
  type AssignmentDistribution,
  allAssignments,
  assignmentCode,
  createRng,
  createVariables,
  type LoraGenerator,
  logSoftmax,
  type NamedVariables,
  type PromptBackbone,
  type PromptPolicy,
  type Rng,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";

/*
 * A toy whose every probability is known in closed form. A question is two numbers x; each of two roles makes one call of one token, 0
 * or 1. Candidate k writes 1 with probability σ(b_k + scale · up · (down · x)), by LoRA weights of rank 1. The score is the share of
 * roles whose token is the wanted one, and the policy is h = tanh(W x), z ~ softmax(V h), down = D_k h, up = U_k h.
 */

export const CANDIDATES: readonly string[] = ["left", "right"];
export const ROLES: readonly string[] = ["first", "second"];
/** b_k of each candidate. */
export const BIASES: Readonly<Record<string, number>> = { left: 0.4, right: -0.3 };
export const SCALE = 0.7;
export const WIDTH = 3;
const TARGET = { layer: 0, projection: "o", in: 2, out: 1, rank: 1 } as const;

export const TASK: Task = {
  id: "toy",
  description: "Writes bits.",
  roles: ROLES.map((id) => ({ id, description: "Writes one bit." })),
};

/** Questions with numbers of their own; the prompt's tokens are those numbers times 100. */
export function toyQuestions(count: number): readonly LiveQuestion[] {
  const rng = createRng(5).fork("questions");
  return Array.from({ length: count }, (_, index) => {
    const tokens = [rng.integer(200) - 100, rng.integer(200) - 100];
    const answer = `${rng.integer(2)}${rng.integer(2)}`;
    const question = { id: `q${index}`, text: tokens.join(" "), gold: { answer } };
    return { question, prompt: { tokens } };
  });
}

/** x of a question. */
export const numbersOf = (tokens: readonly number[]): readonly number[] => tokens.map((token) => token / 100);

function normal(rng: Rng, shape: readonly number[], scale: number) {
  const size = shape.reduce((product, length) => product * length, 1);
  return { shape, values: rng.normals(size, scale) };
}

export function toyBackbone(rng: Rng): PromptBackbone {
  const variables = createVariables([["weight", normal(rng, [2, WIDTH], 0.8)]]);
  return {
    variables,
    hiddenDimension: WIDTH,
    encode: (prompts) => ({
      hidden: tf.tidy(() => {
        const inputs = tf.tensor2d(prompts.map(({ tokens }) => [...numbersOf(tokens)]));
        return tf.tanh<tf.Tensor2D>(tf.matMul(inputs, variables.get("weight")));
      }),
    }),
  };
}

/** One softmax over all assignments. */
export function toyDistribution(logits: tf.Tensor2D): AssignmentDistribution {
  const [batch, count] = logits.shape;
  const all = allAssignments(ROLES.length, CANDIDATES.length);
  const logProbs = logSoftmax(logits) as tf.Tensor2D;
  const rows = (): number[][] => logProbs.arraySync();
  return {
    roles: ROLES.length,
    candidates: CANDIDATES.length,
    allLogProbs: () => tf.clone(logProbs),
    logProb(assignments) {
      const codes = assignments.map((assignment) => assignmentCode(assignment, CANDIDATES.length));
      const picked = tf.oneHot(tf.tensor1d(codes, "int32"), count);
      return tf.sum(tf.mul(logProbs, tf.reshape(picked, [batch, count])), 1);
    },
    sample: (rng) => rows().map((row) => all[rng.choice(row.map(Math.exp))] as number[]),
    top: (limit) =>
      rows().map((row) =>
        row
          .map((logProb, code) => ({ assignment: all[code] as number[], logProb }))
          .sort((left, right) => right.logProb - left.logProb)
          .slice(0, limit),
      ),
    marginals: () => {
      throw new Error("nothing asks for marginals");
    },
  };
}

function toyGenerator(rng: Rng): LoraGenerator {
  const variables = createVariables([
    ["down", normal(rng.fork("down"), [WIDTH, 2], 0.6)],
    ["up", normal(rng.fork("up"), [WIDTH, 1], 0.6)],
  ]);
  const part = (hidden: tf.Tensor2D, name: string) => tf.matMul(hidden, variables.get(name));
  return {
    variables,
    space: { targets: [TARGET], scale: SCALE },
    generate: (hidden) => ({
      targets: [
        {
          target: TARGET,
          down: tf.reshape<tf.Rank.R3>(part(hidden, "down"), [-1, 1, 2]),
          up: tf.reshape<tf.Rank.R3>(part(hidden, "up"), [-1, 1, 1]),
        },
      ],
      scale: SCALE,
    }),
  };
}

export function toyPolicy(seed = 1, parts: Partial<PromptPolicyParts> = {}): PromptPolicy {
  const rng = createRng(seed);
  const head: NamedVariables = createVariables([["logits", normal(rng.fork("head"), [WIDTH, 4], 0.7)]]);
  return createPromptPolicy({
    candidates: CANDIDATES,
    roles: ROLES.length,
    backbone: toyBackbone(rng.fork("backbone")),
    assignments: ({ hidden }) => toyDistribution(tf.matMul(hidden, head.get("logits"))),
    assignmentVariables: head,
    generators: new Map(CANDIDATES.map((id) => [id, toyGenerator(rng.fork(id))])),
    ...parts,
  });
}

export const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

/** Chance that a candidate writes 1. */
function chanceOfOne(candidate: string, x: readonly number[], lora: LoraWeights | undefined): number {
  const factors = lora?.targets[0];
  const shift = factors === undefined ? 0 : SCALE * (factors.up[0] as number) * inner(factors.down, x);
  return sigmoid((BIASES[candidate] as number) + shift);
}

/** Of as many numbers as the second has. */
export function inner(left: ArrayLike<number>, right: readonly number[]): number {
  return right.reduce((sum, value, index) => sum + value * (left[index] as number), 0);
}

/** What a toy environment may be told. */
export interface ToyEnvironmentOptions {
  /** Trials that fail. */
  readonly fails?: (trial: Trial) => boolean;
  /** Replaces the score. */
  readonly score?: (trial: Trial) => number;
  readonly recordsCalls?: boolean;
}

/** An environment that remembers what it ran, and gives outcomes in the wrong order. */
export interface ToyEnvironment extends Environment {
  readonly ran: { readonly trial: Trial; readonly outcome: Outcome }[];
}

export function toyEnvironment(options: ToyEnvironmentOptions = {}): ToyEnvironment {
  const ran: { readonly trial: Trial; readonly outcome: Outcome }[] = [];
  return {
    task: TASK,
    hash: "toy",
    ran,
    async *run(trials, { signal } = {}) {
      await Promise.resolve();
      const own = trials.map((trial) => ({ trial, outcome: play(trial, options) }));
      ran.push(...own);
      for (const { outcome } of own.reverse()) {
        signal?.throwIfAborted();
        yield outcome;
      }
    },
  };
}

function play(trial: Trial, { fails, score, recordsCalls = true }: ToyEnvironmentOptions): Outcome {
  if (fails?.(trial) === true) {
    return { trialId: trial.id, perRole: {}, status: "failed", failure: { code: "backend", message: "it broke" } };
  }
  const rng = createRng(trial.seed);
  const x = numbersOf(trial.question.text.split(" ").map(Number));
  const calls = ROLES.map((role): CallRecord => {
    const { candidate, lora } = trial.roles[role] as RolePlayer;
    const token = Number(rng.uniform() < chanceOfOne(candidate, x, lora));
    return { role, candidate, promptTokens: trial.question.text.split(" ").map(Number), tokens: [token] };
  });
  const answer = calls.map(({ tokens }) => tokens[0]).join("");
  const right = ROLES.filter((_, role) => answer[role] === trial.question.gold.answer[role]).length;
  const value = score?.(trial) ?? right / ROLES.length;
  const dear = ROLES.filter((role) => trial.roles[role]?.candidate === "right").length;
  return {
    trialId: trial.id,
    perRole: {},
    status: "ok",
    answer,
    score: value,
    scores: { share: value },
    cost: { amount: 1 + dear, currency: "USD" },
    ...(recordsCalls ? { calls } : {}),
  };
}

/** A gradient engine that remembers what it was asked. */
export interface ToyEngine extends GradientEngine {
  readonly asked: GradientItem[];
}

/** `d log P / d logit = token - P(1)`, and the chain rule by hand. */
export function toyEngines(distort: (value: number) => number = (value) => value): ReadonlyMap<string, ToyEngine> {
  return new Map(CANDIDATES.map((candidate) => [candidate, toyEngine(candidate, distort)]));
}

function toyEngine(candidate: string, distort: (value: number) => number): ToyEngine {
  const asked: GradientItem[] = [];
  return {
    candidate,
    asked,
    capabilities: { lora: "per-call", tokenLogProbs: true, gradients: true, seed: true, stream: false },
    generate: () => Promise.reject(new Error("the environment writes by itself")),
    dispose: () => Promise.resolve(),
    loraGradient(items) {
      asked.push(...items);
      const results = items.map(({ call, lora, weight }) => {
        const x = numbersOf(call.promptTokens);
        const { target, down, up } = lora.targets[0] as LoraFactors;
        const one = chanceOfOne(candidate, x, lora);
        const token = call.tokens[0] as number;
        const slope = distort(weight * (token - one) * SCALE);
        return {
          logLikelihood: Math.log(token === 1 ? one : 1 - one),
          gradient: {
            id: lora.id,
            scale: lora.scale,
            targets: [
              {
                target,
                down: Float32Array.from(x, (value) => slope * (up[0] as number) * value),
                up: Float32Array.of(slope * inner(down, x)),
              },
            ],
          },
        };
      });
      return Promise.resolve({
        logLikelihoods: results.map(({ logLikelihood }) => logLikelihood),
        gradients: results.map(({ gradient }) => gradient),
      });
    },
  };
}

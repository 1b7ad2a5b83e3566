import { createScoredAssignments } from "@haps/architecture-router";
import { createLoraGenerator, lastLayerTargets } from "@haps/hypernetwork";
import {
  createTensorEngine,
  createTransformerBackbone,
  encodeAssignments,
  type LanguageModel,
  projectionSize,
} from "@haps/language-model";
import { createPromptPolicy, type LiveQuestion } from "@haps/orchestrator";
import type { CallRecord, CandidateId, Environment, GradientEngine, Outcome, Trial } from "@haps/spec";
import { createRng, type PromptPolicy } from "@haps/tensor";
import { benchTokens, VOCABULARY } from "../language-model/bench-model.ts";

const SEED = 20_261_126;
const PROMPT = 64;
const CALL_PROMPT = 42;
const REPLY = 6;
const RANK = 8;
const PIECES = ['{"', "role", '": ', ',"', "}"];
const FIRST = 100;

/** Forms of the high level. */
export type AssignmentForm = "joint" | "autoregressive";

/** A policy of some size with a stub that plays for it. */
export interface GrowthParts {
  readonly policy: PromptPolicy;
  readonly environment: Environment;
  readonly engines: ReadonlyMap<CandidateId, GradientEngine>;
  readonly questions: readonly LiveQuestion[];
  dispose(): Promise<void>;
}

/** What {@link createGrowthParts} needs. */
export interface GrowthOptions {
  readonly router: LanguageModel;
  /** Of every candidate. */
  readonly model: LanguageModel;
  readonly candidates: number;
  readonly roles: number;
  readonly form: AssignmentForm;
  readonly questions: number;
}

/** Random models: what they say is nonsense, how long they take is not. */
export function createGrowthParts(options: GrowthOptions): GrowthParts {
  const { router, model, form } = options;
  const rng = createRng(SEED);
  const ids = Array.from({ length: options.candidates }, (_, index) => `c${index}`);
  const roles = Array.from({ length: options.roles }, (_, index) => `role${index}`);
  const backbone = createTransformerBackbone({
    model: router,
    assignments: encodeAssignments({ roles, candidates: ids.length, encode }),
  });
  const targets = lastLayerTargets({
    layers: model.config.layers,
    ...projectionSize(model.config, "o"),
    rank: RANK,
  });
  const sizes = { space: { targets, scale: 1 }, hiddenDimension: backbone.hiddenDimension, trunkWidth: 64 };
  const generators = ids.map((id) => createLoraGenerator({ ...sizes, trunkLayers: 1, rng: rng.fork(id) }));
  const policy = createPromptPolicy({
    candidates: ids,
    roles: roles.length,
    backbone,
    assignments: ({ scorer }) => createScoredAssignments(scorer, { form }),
    generators: new Map(ids.map((id, index) => [id, generators[index] as (typeof generators)[number]])),
  });
  const engines = ids.map((candidate) => createTensorEngine({ candidate, model }));
  return {
    policy,
    environment: stubEnvironment(roles),
    engines: new Map(engines.map((engine) => [engine.candidate, engine])),
    questions: Array.from({ length: options.questions }, (_, index) => ({
      question: { id: `q${index}`, text: `${index}`, gold: { answer: "" } },
      prompt: { tokens: benchTokens(`question ${index}`, PROMPT) },
    })),
    async dispose() {
      for (const engine of engines) await engine.dispose();
      for (const { variables } of generators) variables.dispose();
    },
  };
}

/** A simulated environment: one call of random tokens for each role, a score by chance, no time to speak of. */
function stubEnvironment(roles: readonly string[]): Environment {
  return {
    task: { id: "stub", description: "Stub.", roles: roles.map((id) => ({ id, description: "Says something." })) },
    hash: "stub",
    async *run(trials) {
      await Promise.resolve();
      yield* trials.map((trial) => playStub(trial));
    },
  };
}

function playStub({ id, question, roles, seed }: Trial): Outcome {
  const rng = createRng(seed);
  const calls = Object.entries(roles).map(
    ([role, { candidate }]): CallRecord => ({
      role,
      candidate,
      promptTokens: benchTokens(`${question.id} ${role}`, CALL_PROMPT),
      tokens: Array.from({ length: REPLY }, () => rng.integer(VOCABULARY)),
    }),
  );
  const score = rng.uniform();
  return { trialId: id, perRole: {}, status: "ok", answer: "", score, scores: { score }, calls };
}

/** Digits are tokens, so that no candidate's number begins another's. */
function encode(text: string): number[] {
  return (text.match(/[a-z]+|[0-9]|[^a-z0-9]+/g) ?? []).map((piece) => {
    const place = PIECES.indexOf(piece);
    if (place >= 0) return FIRST + place;
    if (/^[0-9]$/.test(piece)) return Number(piece);
    throw new Error(`no token for ${JSON.stringify(piece)}`);
  });
}

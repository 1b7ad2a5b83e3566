import { createAssignmentHead, createScoredAssignments } from "@haps/architecture-router";
import { createLoraGenerator, lastLayerTargets } from "@haps/hypernetwork";
import { createTransformerBackbone, encodeAssignments, type LanguageModel, projectionSize } from "@haps/language-model";
import { createPromptPolicy } from "@haps/orchestrator";
import type { CandidateId } from "@haps/spec";
import type { AssignmentHead, LoraGenerator, PromptBackbone, PromptPolicy, Rng } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { LiveMethod } from "./live-method.ts";
import type { LiveSetting } from "./live-setting.ts";

/** A policy with the language models that it reads prompts with. */
export interface LivePolicy {
  readonly policy: PromptPolicy;
  dispose(): void;
}

/**
 * Puts the policy of a method together: the router's language model, the high level on it, a hypernetwork per candidate.
 *
 * @param rng - Of the initial weights of what is not pretrained.
 * @returns The caller disposes it.
 */
export async function createLivePolicy(setting: LiveSetting, method: LiveMethod, rng: Rng): Promise<LivePolicy> {
  const shared = await setting.pool.loadRouter();
  const own = method.shareParameters || method.low.kind === "none" ? null : await setting.pool.loadRouter();
  const { workflow } = setting.benchmark;
  const roles = workflow.task.roles.map(({ id }) => id);
  const candidates = setting.pool.candidates.map(({ id }) => id);
  const encode = (text: string): number[] => setting.pool.tokenizer.encode(text);
  const generated = method.high.form === "generated";
  const encoder = (model: LanguageModel, scores: boolean): PromptBackbone =>
    createTransformerBackbone({
      model,
      pooling: method.pooling,
      ...(scores ? { assignments: encodeAssignments({ roles, candidates: candidates.length, encode }) } : {}),
    });
  const backbone = encoder(shared, generated);
  const head = generated
    ? null
    : createAssignmentHead({
        roles: roles.length,
        candidates: candidates.length,
        hiddenDimension: backbone.hiddenDimension,
        rng: rng.fork("head"),
      });
  const policy = createPromptPolicy({
    candidates,
    roles: roles.length,
    backbone,
    ...(own === null ? {} : { privateBackbone: encoder(own, false) }),
    assignments: (encoded, batch) =>
      head === null
        ? createScoredAssignments(encoded.scorer, { form: "joint" })
        : assignmentsOfHead(head, encoded.hidden, batch.costWeights),
    ...(head === null ? {} : { assignmentVariables: head.variables }),
    generators: generatorsOf(setting, method, backbone.hiddenDimension, rng),
    conditioning: method.low.conditioning,
    costConditioned: method.costConditioned,
  });
  return {
    policy,
    dispose() {
      policy.variables.dispose();
      shared.dispose();
      own?.dispose();
    },
  };
}

function assignmentsOfHead(head: AssignmentHead, hidden: tf.Tensor2D, costWeights: readonly number[]) {
  return head.forward(hidden, tf.tensor1d([...costWeights]));
}

function generatorsOf(
  { pool }: LiveSetting,
  { low }: LiveMethod,
  hiddenDimension: number,
  rng: Rng,
): ReadonlyMap<CandidateId, LoraGenerator> {
  if (low.kind === "none") return new Map();
  const { rank, layers: count, scale, trunkLayers, trunkWidth, init: headInit, draw } = low;
  return new Map(
    pool.candidates.map(({ id, model: { config } }) => {
      const targets = lastLayerTargets({ layers: config.layers, count, ...projectionSize(config, "o"), rank });
      const sizes = { space: { targets, scale }, hiddenDimension, trunkLayers, trunkWidth, headInit };
      return [id, createLoraGenerator({ ...sizes, rng: rng.fork(`lora/${id}/${draw}`) })];
    }),
  );
}

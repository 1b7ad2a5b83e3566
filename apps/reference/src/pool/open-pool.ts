import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  countParameters,
  createTensorEngine,
  type LanguageModel,
  loadLanguageModel,
  loadTokenizer,
  type TextTokenizer,
} from "@haps/language-model";
import { type CandidateId, type GradientEngine, HapsError, type Price } from "@haps/spec";
import { poolRecipe } from "./pool-recipe.ts";

/** A candidate of an opened pool. */
export interface PoolCandidate {
  readonly id: CandidateId;
  readonly model: LanguageModel;
  readonly engine: GradientEngine;
  readonly price: Price;
}

/** The embedded pool, ready to play and to be differentiated. */
export interface OpenedPool {
  /** In the order of assignments. */
  readonly candidates: readonly PoolCandidate[];
  /** Of all models. */
  readonly tokenizer: TextTokenizer;
  /** A fresh copy of the router's language model, the caller's to train and dispose. */
  loadRouter(): Promise<LanguageModel>;
  /** SHA-256 of each model's weights, by id. */
  readonly hashes: Readonly<Record<string, string>>;
  dispose(): Promise<void>;
}

/** Date on which the price rule was fixed. */
const PRICE_DATE = "2026-11-25";
/** Calls side by side; short prompts leave room for many. */
const MAX_BATCH = 64;

/**
 * The price of a model: a millionth of its parameters for each token, read or written, which is what it costs to compute up to a
 * constant. No money is involved.
 */
export function parameterPrice(parameters: number): Price {
  return {
    inputPerMillionTokens: parameters,
    outputPerMillionTokens: parameters,
    currency: "parameter-megatokens",
    date: PRICE_DATE,
  };
}

const CANDIDATES = poolRecipe(1).candidates.map(({ id }) => id);

/**
 * SHA-256 of the weights of every model of a pool, by id.
 *
 * @throws HapsError code `data` where a model is missing.
 */
export function poolHashes(folder: string): OpenedPool["hashes"] {
  const ids = [...CANDIDATES, "router"];
  for (const id of ids) {
    if (existsSync(join(folder, id, "model.safetensors"))) continue;
    const message = `openPool: ${join(folder, id)} holds no model; expected the models ${CANDIDATES.join(", ")} and router; train them by "haps pretrain"`;
    throw new HapsError("data", message, { folder, id });
  }
  return Object.fromEntries(ids.map((id) => [id, weightsHash(join(folder, id))]));
}

/**
 * Opens a pool from its folder: a model folder for each candidate and `router`.
 *
 * @returns The caller disposes it.
 * @throws HapsError code `data` where a model is missing; errors of `loadLanguageModel` and `loadTokenizer`.
 */
export async function openPool(folder: string, signal?: AbortSignal): Promise<OpenedPool> {
  const ids = CANDIDATES;
  const hashes = poolHashes(folder);
  const load = (id: string): Promise<LanguageModel> =>
    loadLanguageModel(join(folder, id), signal === undefined ? {} : { signal });
  const tokenizer = await loadTokenizer(join(folder, ids[0] as string));
  const candidates: PoolCandidate[] = [];
  for (const id of ids) {
    const model = await load(id);
    const engine = createTensorEngine({ candidate: id, model, tokenizer, maxBatch: MAX_BATCH });
    candidates.push({ id, model, engine, price: parameterPrice(countParameters(model.config)) });
  }
  return {
    candidates,
    tokenizer,
    loadRouter: () => load("router"),
    hashes,
    async dispose() {
      for (const { engine, model } of candidates) {
        await engine.dispose();
        model.dispose();
      }
    },
  };
}

function weightsHash(folder: string): string {
  return createHash("sha256")
    .update(readFileSync(join(folder, "model.safetensors")))
    .digest("hex");
}

import { HapsError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import type { ModelConfig } from "../model/model-config.ts";
import { attentionWidths, countParameters } from "../model/parameter-layout.ts";

/** Bytes that a model takes. */
export interface MemoryEstimate {
  readonly parameters: number;
  /** Weights in float32. */
  readonly weights: number;
  /** Copies that products keep: the wasm backend packs every kernel once, and a tied embedding is transposed for the head. */
  readonly copies: number;
  /** Keys and values of one sequence that fills the context. */
  readonly cachePerSequence: number;
  /** Most at once while loading: weights as plain arrays beside those of the backend. */
  readonly loading: number;
}

/** What a process can get. */
export interface MemoryLimit {
  readonly bytes: number;
  /** What sets the limit, for people. */
  readonly reason: string;
}

/** The wasm backend addresses 32 bits. */
const WASM_BYTES = 2 ** 32;

/** Works out how much memory a model of this shape takes, from its sizes alone. */
export function estimateMemory(config: ModelConfig): MemoryEstimate {
  const parameters = countParameters(config);
  const weights = 4 * parameters;
  const head = config.tiedEmbeddings ? 4 * config.vocabulary * config.dim : 0;
  const cachePerSequence = 4 * config.layers * 2 * attentionWidths(config).key * config.context;
  return { parameters, weights, copies: weights + head, cachePerSequence, loading: 2 * weights };
}

/** What this process can get at most for weights and their copies: free memory, and on wasm its 4 GB of addresses. */
export function memoryLimit(): MemoryLimit {
  const free = process.availableMemory();
  if (tf.getBackend() !== "wasm" || free < WASM_BYTES) return { bytes: free, reason: "free memory of this machine" };
  return { bytes: WASM_BYTES, reason: "the 4 GB that the wasm backend can address" };
}

/**
 * Refuses a model that does not fit.
 *
 * @throws HapsError code `backend` with the sizes as facts.
 */
export function assertFits(folder: string, config: ModelConfig, limit: MemoryLimit): void {
  const estimate = estimateMemory(config);
  const needed = Math.max(estimate.weights + estimate.copies, estimate.loading);
  if (needed <= limit.bytes) return;
  const million = (estimate.parameters / 1e6).toPrecision(3);
  throw new HapsError(
    "backend",
    `${folder}: the model has ${million} million parameters and needs ${gigabytes(needed)} (weights ${gigabytes(estimate.weights)}, packed copies ${gigabytes(estimate.copies)}); ${limit.reason}: ${gigabytes(limit.bytes)}; use a smaller model`,
    { needed, limit: limit.bytes, ...estimate },
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toPrecision(3)} GB`;
}

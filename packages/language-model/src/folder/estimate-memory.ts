import { HapsError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import type { ModelConfig } from "../model/model-config.ts";
import { attentionWidths, countParameters } from "../model/parameter-layout.ts";

/** Bytes that a model takes on the backend that runs. */
export interface MemoryEstimate {
  readonly parameters: number;
  /** Weights in float32. */
  readonly weights: number;
  /** Copies that products keep: the wasm backend packs every kernel once, and a tied embedding is transposed for the head. */
  readonly copies: number;
  /** Keys and values of one sequence that fills the context. */
  readonly cachePerSequence: number;
  /** Most at once while loading: the weights, and one of them on its way from the file. */
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

/** Copies of one variable while it is loaded: bytes of the file, numbers, the array in our layout, and the backend's. */
const LOADING_COPIES = 4;

/** Works out how much memory a model of this shape takes, from its sizes alone. */
export function estimateMemory(config: ModelConfig): MemoryEstimate {
  const { dim, hidden, vocabulary, layers, context } = config;
  const { key, fused } = attentionWidths(config);
  const parameters = countParameters(config);
  const weights = 4 * parameters;
  const embedding = 4 * vocabulary * dim;
  const packs = tf.getBackend() === "wasm";
  // The head of a tied embedding is a copy of its own, which is packed like any other kernel.
  const head = config.tiedEmbeddings ? embedding : 0;
  const copies = packs ? weights - embedding + 2 * head : head;
  const cachePerSequence = 4 * layers * 2 * key * context;
  const largest = 4 * Math.max(vocabulary * dim, 2 * hidden * dim, fused * dim);
  return { parameters, weights, copies, cachePerSequence, loading: weights + LOADING_COPIES * largest };
}

/**
 * What this process can get at most for weights and their copies: free memory, and on wasm what is left of the 4 GiB that it addresses.
 */
export function memoryLimit(): MemoryLimit {
  const free = process.availableMemory();
  const left = WASM_BYTES - tf.memory().numBytes;
  if (tf.getBackend() !== "wasm" || free < left) return { bytes: free, reason: "free memory of this machine" };
  return { bytes: left, reason: "left of the 4 GiB that the wasm backend can address" };
}

/**
 * Refuses a model that does not fit. The cache is not counted, since few sequences fill the context.
 *
 * @throws HapsError code `backend` with the sizes as facts.
 */
export function assertFits(folder: string, config: ModelConfig, limit: MemoryLimit): void {
  const estimate = estimateMemory(config);
  const { weights, copies, loading, cachePerSequence } = estimate;
  const needed = Math.max(weights + copies, loading);
  if (needed <= limit.bytes) return;
  const parts = `weights ${inBytes(weights)}, copies ${inBytes(copies)}, while loading ${inBytes(loading)}`;
  const cache = `each full context of ${config.context} tokens takes ${inBytes(cachePerSequence)} more`;
  throw new HapsError(
    "backend",
    `${folder}: the model has ${inWords(estimate.parameters)} parameters and needs ${inBytes(needed)} (${parts}; ${cache}); there are ${inBytes(limit.bytes)} (${limit.reason}); use a smaller model`,
    { needed, limit: limit.bytes, ...estimate },
  );
}

function inBytes(bytes: number): string {
  return scaled(bytes, 1024, ["bytes", "KiB", "MiB", "GiB"]);
}

function inWords(count: number): string {
  return scaled(count, 1000, ["", "thousand", "million", "billion"]).trim();
}

/** Three digits in the largest unit that leaves at least 1; never with an exponent. */
function scaled(value: number, step: number, units: readonly string[]): string {
  let rest = value;
  let unit = 0;
  while (rest >= step && unit < units.length - 1) {
    rest /= step;
    unit += 1;
  }
  return `${rest < 1000 ? Number(rest.toPrecision(3)) : Math.round(rest)} ${units[unit]}`;
}

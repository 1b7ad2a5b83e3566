import { join } from "node:path";
import { type Abortable, DataError, HapsError, quoteValue } from "@haps/spec";
import { createVariables, firstNonFinite, openSafetensors } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { type LanguageModel, languageModelOver } from "../model/language-model.ts";
import type { ModelConfig } from "../model/model-config.ts";
import { EMBEDDING, parameterLayout } from "../model/parameter-layout.ts";
import { assertFits, type MemoryLimit, memoryLimit } from "./estimate-memory.ts";
import { type OpenFile, openFile, readText } from "./file-source.ts";
import { fieldOf, findWeights, type WeightFiles } from "./find-weights.ts";
import { parseHuggingFaceConfig } from "./hugging-face-config.ts";
import { HEAD_TENSOR, placeTensor, sizeOf, type TensorPlace, tensorPlan } from "./tensor-plan.ts";

/** How far the loading of a model is. */
export interface LoadProgress {
  /** The tensor that has just been read. */
  readonly tensor: string;
  readonly bytes: number;
  readonly totalBytes: number;
}

/** Options of {@link loadLanguageModel}. */
export interface LoadLanguageModelOptions extends Abortable {
  /** Called after each tensor. */
  readonly onProgress?: (progress: LoadProgress) => void;
  /** What may be used at most. Default: what this process can get on the backend that runs. */
  readonly memory?: MemoryLimit;
}

/**
 * Loads a model from a Hugging Face folder: `config.json`, and `model.safetensors` or shards with an index.
 *
 * The headers of all files are checked against the configuration before a weight is read; then tensors are read one by one, as f32, f16
 * or bf16, and become float32. Beside the model itself memory holds no more than one variable on its way.
 *
 * @returns The caller disposes it.
 * @throws DataError code `data`, naming file and tensor or field, for a folder that is truncated or damaged, for tensors that are
 *   missing, superfluous, given twice or of another shape, for weights that are not finite, and for whatever
 *   `parseHuggingFaceConfig` refuses; HapsError code `backend` when the model does not fit into memory, with the sizes; code `aborted`
 *   when the signal fires.
 */
export async function loadLanguageModel(
  folder: string,
  options: LoadLanguageModelOptions = {},
): Promise<LanguageModel> {
  const config = await readConfig(folder);
  assertFits(folder, config, options.memory ?? memoryLimit());
  const weights = await findWeights(folder);
  const files: OpenFile[] = [];
  try {
    for (const path of weights.paths) files.push(await openFile(path));
    const shards = await Promise.all(
      files.map(async (file) => ({ path: file.name, content: await openSafetensors(file) })),
    );
    const tensors = gatherTensors(shards, weights);
    const plan = tensorPlan(config);
    checkTensors(tensors, plan, config, folder);
    return await readModel(tensors, plan, config, options);
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
}

async function readConfig(folder: string): Promise<ModelConfig> {
  const files = { config: join(folder, "config.json"), generation: join(folder, "generation_config.json") };
  const config = await readText(files.config);
  if (config === undefined) {
    throw new DataError({ file: files.config }, "is missing", "give a model folder as Hugging Face lays it out");
  }
  const generation = await readText(files.generation);
  return parseHuggingFaceConfig({ config, files, ...(generation === undefined ? {} : { generation }) });
}

/** A tensor and the file it lies in. */
interface StoredTensor {
  readonly path: string;
  readonly shape: readonly number[];
  readonly bytes: number;
  read(): Promise<Float32Array>;
}

interface Shard {
  readonly path: string;
  readonly content: Awaited<ReturnType<typeof openSafetensors>>;
}

/** All tensors by name; each must be where the index says, and in one file only. */
function gatherTensors(shards: readonly Shard[], { index }: WeightFiles): ReadonlyMap<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const { path, content } of shards) {
    for (const { name, shape, bytes } of content.entries) {
      const other = tensors.get(name)?.path ?? (index === undefined ? path : index.pathOf.get(name));
      if (other !== path) {
        const problem = `lies in this file; it is expected ${other === undefined ? "in no file" : `in ${other}`}`;
        const advice = "index and shards do not belong together; fetch the folder again";
        throw new DataError({ file: path, field: fieldOf(name) }, problem, advice);
      }
      tensors.set(name, { path, shape, bytes, read: async () => (await content.read(name)).values });
    }
  }
  for (const [name, path] of index?.pathOf ?? []) {
    if (tensors.has(name)) continue;
    const problem = `is missing, though ${index?.path} lists it`;
    throw new DataError({ file: path, field: fieldOf(name) }, problem, "fetch the shard again");
  }
  return tensors;
}

function checkTensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  plan: readonly TensorPlace[],
  config: ModelConfig,
  folder: string,
): void {
  const mismatch = "weights and config.json do not belong together; fetch the folder again";
  for (const { tensor, shape } of plan) {
    const stored = tensors.get(tensor);
    if (stored === undefined) {
      const advice = tensor === HEAD_TENSOR ? "set tie_word_embeddings to true if the embedding is meant" : mismatch;
      throw new DataError({ file: folder, field: tensor }, "is missing", advice);
    }
    if (stored.shape.join() === shape.join()) continue;
    const problem = `has shape ${quoteValue(stored.shape)}; config.json asks for ${quoteValue(shape)}`;
    throw new DataError({ file: stored.path, field: tensor }, problem, mismatch);
  }
  const known = new Set(plan.map(({ tensor }) => tensor));
  for (const [name, { path }] of tensors) {
    // Old conversions store the rotary frequencies, which follow from the configuration; a tied head is checked when it is read.
    if (known.has(name) || name.endsWith("rotary_emb.inv_freq")) continue;
    if (config.tiedEmbeddings && name === HEAD_TENSOR) continue;
    throw new DataError({ file: path, field: fieldOf(name) }, "is no weight of this model", mismatch);
  }
}

/** Hands each variable to the backend as soon as its last tensor is read. */
async function readModel(
  stored: ReadonlyMap<string, StoredTensor>,
  plan: readonly TensorPlace[],
  config: ModelConfig,
  options: LoadLanguageModelOptions,
): Promise<LanguageModel> {
  const made = new Map<string, tf.Tensor>();
  try {
    for await (const [variable, tensor] of readTensors(stored, plan, options)) made.set(variable, tensor);
    const head = config.tiedEmbeddings ? stored.get(HEAD_TENSOR) : undefined;
    if (head !== undefined) await assertTied(head, made.get(EMBEDDING) as tf.Tensor);
    return languageModelOver(config, createVariables(handOver(config, made)));
  } finally {
    for (const tensor of made.values()) tensor.dispose();
  }
}

async function* readTensors(
  stored: ReadonlyMap<string, StoredTensor>,
  plan: readonly TensorPlace[],
  { onProgress, signal }: LoadLanguageModelOptions,
): AsyncGenerator<readonly [variable: string, tensor: tf.Tensor]> {
  const totalBytes = plan.reduce((sum, { tensor }) => sum + (stored.get(tensor)?.bytes ?? 0), 0);
  const lastOf = new Map(plan.map((place) => [place.variable, place]));
  const arrays = new Map<string, Float32Array>();
  let bytes = 0;
  for (const place of plan) {
    if (signal?.aborted === true) {
      throw new HapsError("aborted", "loadLanguageModel: aborted by its signal", {}, { cause: signal.reason });
    }
    const source = stored.get(place.tensor) as StoredTensor;
    const values = await source.read();
    assertFinite(values, source.path, place.tensor);
    const { variable, variableShape } = place;
    const array = arrays.get(variable) ?? new Float32Array(sizeOf(variableShape));
    arrays.set(variable, array);
    placeTensor(array, place, values);
    if (lastOf.get(variable) === place) {
      arrays.delete(variable);
      yield [variable, tf.tensor(array, [...variableShape], "float32")];
    }
    bytes += source.bytes;
    onProgress?.({ tensor: place.tensor, bytes, totalBytes });
  }
}

/** Gives the tensors away one by one: each is freed before the next is copied. */
function* handOver(
  config: ModelConfig,
  made: ReadonlyMap<string, tf.Tensor>,
): Generator<readonly [name: string, tensor: tf.Tensor]> {
  for (const [name] of parameterLayout(config)) {
    const tensor = made.get(name) as tf.Tensor;
    yield [name, tensor];
    tensor.dispose();
  }
}

/** A head of its own under "tied" means that either the configuration or the weights are wrong. */
async function assertTied(head: StoredTensor, embedding: tf.Tensor): Promise<void> {
  const expected = await embedding.data<"float32">();
  const values = await head.read();
  if (values.length === expected.length && values.every((value, index) => value === expected[index])) return;
  const problem = "differs from the embedding, though tie_word_embeddings is true";
  const advice = "set it to false in config.json if the head is meant";
  throw new DataError({ file: head.path, field: HEAD_TENSOR }, problem, advice);
}

function assertFinite(values: Float32Array, file: string, tensor: string): void {
  const position = firstNonFinite(values);
  if (position < 0) return;
  const problem = `has ${values[position]} at position ${position}`;
  throw new DataError({ file, field: tensor }, problem, "weights must be finite; fetch the file again");
}

import { join } from "node:path";
import { type Abortable, DataError, HapsError } from "@haps/spec";
import { type NamedArray, openSafetensors } from "@haps/tensor";
import { type LanguageModel, languageModelFrom } from "../model/language-model.ts";
import type { ModelConfig } from "../model/model-config.ts";
import { EMBEDDING, parameterLayout } from "../model/parameter-layout.ts";
import { assertFits, type MemoryLimit, memoryLimit } from "./estimate-memory.ts";
import { type OpenFile, openFile, readText } from "./file-source.ts";
import { findWeights, type WeightFiles } from "./find-weights.ts";
import { parseHuggingFaceConfig } from "./hugging-face-config.ts";
import { HEAD_TENSOR, placeTensor, type TensorPlace, tensorPlan } from "./tensor-plan.ts";

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
 * or bf16, and become float32.
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
    const arrays = await readAll(tensors, plan, config, options);
    return languageModelFrom(config, arrays);
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
  read(): Promise<NamedArray>;
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
      const other = tensors.get(name)?.path ?? index?.pathOf.get(name) ?? (index === undefined ? path : undefined);
      if (other !== path) {
        const place = other === undefined ? "in no file" : `in ${other}`;
        const problem = `lies in this file; it is expected ${place}`;
        throw new DataError(
          { file: path, field: name },
          problem,
          "index and shards do not belong together; fetch the folder again",
        );
      }
      tensors.set(name, { path, shape, bytes, read: () => content.read(name) });
    }
  }
  for (const [name, path] of index?.pathOf ?? []) {
    if (tensors.has(name)) continue;
    throw new DataError(
      { file: path, field: name },
      `is missing, though ${index?.path} lists it`,
      "fetch the shard again",
    );
  }
  return tensors;
}

function checkTensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  plan: readonly TensorPlace[],
  config: ModelConfig,
  folder: string,
): void {
  for (const { tensor, shape } of plan) {
    const stored = tensors.get(tensor);
    if (stored === undefined) {
      throw new DataError(
        { file: folder, field: tensor },
        "is missing",
        "the weights do not fit config.json; fetch the folder again",
      );
    }
    if (stored.shape.join() === shape.join()) continue;
    const problem = `has shape [${stored.shape.join(", ")}]; config.json asks for [${shape.join(", ")}]`;
    throw new DataError(
      { file: stored.path, field: tensor },
      problem,
      "weights and configuration do not belong together",
    );
  }
  const known = new Set(plan.map(({ tensor }) => tensor));
  for (const [name, { path }] of tensors) {
    // Old conversions store the rotary frequencies, which follow from the configuration; a tied head is checked when it is read.
    if (known.has(name) || name.endsWith("rotary_emb.inv_freq")) continue;
    if (config.tiedEmbeddings && name === HEAD_TENSOR) continue;
    throw new DataError(
      { file: path, field: name },
      "is no weight of this model",
      "weights and configuration do not belong together",
    );
  }
}

async function readAll(
  tensors: ReadonlyMap<string, StoredTensor>,
  plan: readonly TensorPlace[],
  config: ModelConfig,
  { onProgress, signal }: LoadLanguageModelOptions,
): Promise<Map<string, NamedArray>> {
  const arrays = new Map<string, NamedArray>();
  for (const [name, shape] of parameterLayout(config)) {
    arrays.set(name, { shape, values: new Float32Array(shape.reduce((product, length) => product * length, 1)) });
  }
  const totalBytes = plan.reduce((sum, { tensor }) => sum + (tensors.get(tensor)?.bytes ?? 0), 0);
  let bytes = 0;
  for (const place of plan) {
    if (signal?.aborted === true) {
      throw new HapsError("aborted", "loadLanguageModel: aborted by its signal", {}, { cause: signal.reason });
    }
    const stored = tensors.get(place.tensor) as StoredTensor;
    const { values } = await stored.read();
    assertFinite(values, stored.path, place.tensor);
    placeTensor((arrays.get(place.variable) as NamedArray).values, place, values);
    bytes += stored.bytes;
    onProgress?.({ tensor: place.tensor, bytes, totalBytes });
  }
  const head = config.tiedEmbeddings ? tensors.get(HEAD_TENSOR) : undefined;
  if (head !== undefined) await assertTied(head, (arrays.get(EMBEDDING) as NamedArray).values);
  return arrays;
}

/** A head of its own under "tied" means that either the configuration or the weights are wrong. */
async function assertTied(head: StoredTensor, embedding: Float32Array): Promise<void> {
  const { values } = await head.read();
  if (values.length === embedding.length && values.every((value, index) => value === embedding[index])) return;
  const problem = "differs from the embedding, though tie_word_embeddings is true";
  throw new DataError(
    { file: head.path, field: HEAD_TENSOR },
    problem,
    "set it to false in config.json if the head is meant",
  );
}

function assertFinite(values: Float32Array, file: string, tensor: string): void {
  const position = values.findIndex((value) => !Number.isFinite(value));
  if (position < 0) return;
  throw new DataError(
    { file, field: tensor },
    `has ${values[position]} at position ${position}`,
    "fetch the file again",
  );
}

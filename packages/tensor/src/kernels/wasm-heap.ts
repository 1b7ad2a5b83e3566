import { HapsError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import { HEAP_KERNELS_CODE } from "./heap-kernels-code.ts";

/** What the module of {@link HEAP_KERNELS_CODE} does in place; addresses and strides are in bytes, `columns` is a positive multiple of 4. */
interface HeapKernels {
  /** `weights[token] = query · keys[token]` for `tokens` float32 vectors. */
  score(weights: number, query: number, keys: number, stride: number, tokens: number, columns: number): void;
  /** `score` of all heads: their weights lie `apart` bytes apart, `group` of them share a head of keys. */
  scoreHeads(
    weights: number,
    query: number,
    keys: number,
    stride: number,
    tokens: number,
    columns: number,
    heads: number,
    group: number,
    apart: number,
  ): void;
  /** `weights = softmax(scale weights)` in place, `tokens` at least 1; may overwrite four numbers behind them. */
  softmax(weights: number, tokens: number, scale: number): void;
  /** `sums += Σ weights[token] values[token]`; as `score`. */
  mix(sums: number, weights: number, values: number, stride: number, tokens: number, columns: number): void;
  /** `mix` of all heads; as `scoreHeads`. */
  mixHeads(
    sums: number,
    weights: number,
    values: number,
    stride: number,
    tokens: number,
    columns: number,
    heads: number,
    group: number,
    apart: number,
  ): void;
  /** Slopes of scores from those of their probabilities, in place; may overwrite four numbers behind them; after `softmax`. */
  slope(slopes: number, weights: number, tokens: number, scale: number): void;
  /** `rows[token] += factors[token] vector`; as `score`. */
  spread(rows: number, factors: number, vector: number, stride: number, tokens: number, columns: number): void;
  copy(to: number, from: number, bytes: number): void;
  /** `y = gate σ(gate) up`. */
  swiglu(y: number, gate: number, up: number, columns: number): void;
  /** Gradients of gate and up from that of y. */
  swigluSlopes(dgate: number, dup: number, gate: number, up: number, dy: number, columns: number): void;
  /** `y = x inverse gain`; returns `inverse = 1 / √(mean x² + ε)`. */
  rmsNorm(y: number, x: number, gain: number, columns: number, epsilon: number): number;
  /** Gradient of x from that of y. */
  rmsNormSlopes(dx: number, x: number, gain: number, dy: number, columns: number, inverse: number): void;
  /** Turns the halves of each of `heads` heads, at least 1, in place; `half` is a positive multiple of 4. */
  rotate(row: number, cosines: number, sines: number, half: number, heads: number): void;
  /** The largest number, NaN if there is one. */
  highest(x: number, columns: number): number;
  /** `Σ exp(x - highest)`, each to a relative 3e-7. */
  sumExponentials(x: number, columns: number, highest: number): number;
}

/** A new tensor whose numbers are still to be written. */
export interface BlankTensor {
  readonly tensor: tf.Tensor;
  readonly address: number;
}

/** The memory of the wasm backend and what works in it in place. */
export interface WasmHeap extends HeapKernels {
  /** Its buffer changes when the memory grows: views made before are empty then. */
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Address of new room, not cleared; the owner hands it to {@link WasmHeap.free}. HapsError code `backend` where there is none. */
  allocate(bytes: number): number;
  free(address: number): void;
  /** Where the numbers of a float32 tensor lie, for as long as it lives; `undefined` where they are not here. */
  addressOf(tensor: tf.Tensor): number | undefined;
  /** A float32 tensor to write into, not cleared; it counts and is freed as others are. HapsError code `backend` as `allocate`. */
  makeTensor(shape: number[]): BlankTensor;
}

/** The part of the wasm backend that is used here and that its typings hide. */
interface WasmBackend {
  readonly wasm?: {
    readonly asm: { readonly memory: WasmHeap["memory"] };
    readonly _malloc: (bytes: number) => number;
    readonly _free: (address: number) => void;
  };
  readonly dataIdMap: { has(dataId: object): boolean; get(dataId: object): { readonly memoryOffset: number } };
  /** Without values the room is not cleared. */
  write(values: null, shape: number[], dtype: "float32"): object;
  disposeData(dataId: object): boolean;
}

/** The part of WebAssembly's own interface that is used; the compiler is told of no browser. */
interface WebAssemblyApi {
  readonly validate: (code: Uint8Array) => boolean;
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly heap: { readonly memory: WasmHeap["memory"] } },
  ) => { readonly exports: HeapKernels };
}

/** Per memory; `null` where the module cannot join it. */
const heaps = new WeakMap<WasmHeap["memory"], WasmHeap | null>();

/**
 * The heap of the backend that runs, `undefined` where none does or that is not wasm, threads share its memory, or the engine knows no SIMD.
 *
 * A module of 4 kB joins tfjs's own memory, so that rows and cached keys and values are read where they lie, four numbers at a time.
 * The exact tfjs version is a peer dependency, which makes the untyped fields safe to use.
 */
export function wasmHeap(): WasmHeap | undefined {
  // Plain numbers need no backend, and asking for one that is still being loaded throws; the typings know of no such time.
  if ((tf.getBackend() as string | undefined) === undefined) return undefined;
  const backend = tf.backend() as unknown as WasmBackend;
  if (backend.wasm === undefined) return undefined;
  const { memory } = backend.wasm.asm;
  const known = heaps.get(memory);
  if (known !== undefined) return known ?? undefined;
  const kernels = instantiate(memory);
  const heap = kernels === undefined ? null : heapOf(backend, backend.wasm, kernels);
  heaps.set(memory, heap);
  return heap ?? undefined;
}

/** Compiles the module and joins it to the memory; `undefined` where that is not possible. */
function instantiate(memory: WasmHeap["memory"]): HeapKernels | undefined {
  // The threaded build of tfjs has a shared memory, which only a module that declares it so may import.
  if (!(memory.buffer instanceof ArrayBuffer)) return undefined;
  const { validate, Module, Instance } = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi })
    .WebAssembly;
  const code = Uint8Array.from(atob(HEAP_KERNELS_CODE), (letter) => letter.charCodeAt(0));
  return validate(code) ? new Instance(new Module(code), { heap: { memory } }).exports : undefined;
}

function heapOf(backend: WasmBackend, wasm: NonNullable<WasmBackend["wasm"]>, kernels: HeapKernels): WasmHeap {
  return {
    ...kernels,
    memory: wasm.asm.memory,
    allocate(bytes) {
      // As tfjs does: above 2 GiB the signed number is negative.
      const address = wasm._malloc(bytes) >>> 0;
      if (address !== 0 || bytes === 0) return address;
      throw noRoom(bytes);
    },
    free: (address) => {
      wasm._free(address);
    },
    addressOf({ dataId, dtype }) {
      return dtype === "float32" && backend.dataIdMap.has(dataId)
        ? backend.dataIdMap.get(dataId).memoryOffset
        : undefined;
    },
    makeTensor(shape) {
      const dataId = backend.write(null, shape, "float32");
      const address = backend.dataIdMap.get(dataId).memoryOffset;
      const bytes = 4 * shape.reduce((size, length) => size * length, 1);
      if (address === 0 && bytes > 0) {
        backend.disposeData(dataId);
        throw noRoom(bytes);
      }
      return { tensor: tf.engine().makeTensorFromDataId(dataId, shape, "float32"), address };
    },
  };
}

function noRoom(bytes: number): HapsError {
  return new HapsError(
    "backend",
    `the wasm backend has no room for ${bytes} more bytes; free tensors, or take shorter sequences or smaller batches`,
    { bytes },
  );
}

import { HapsError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";
import { HEAP_ATTENTION_CODE } from "./heap-attention-code.ts";

/** The memory of the wasm backend and what works in it in place; addresses and strides are in bytes. */
export interface WasmHeap {
  /** Its buffer changes when the memory grows: views made before are empty then. */
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Address of new room, not cleared; the owner hands it to {@link WasmHeap.free}. HapsError code `backend` where there is none. */
  allocate(bytes: number): number;
  free(address: number): void;
  /** `weights[token] = query · keys[token]` for `tokens` float32 vectors; `columns` is a positive multiple of 4. */
  score(weights: number, query: number, keys: number, stride: number, tokens: number, columns: number): void;
  /** `weights = softmax(scale weights)` in place, `tokens` at least 1; may overwrite four numbers behind them. */
  softmax(weights: number, tokens: number, scale: number): void;
  /** `sums += Σ weights[token] values[token]`; as `score`. */
  mix(sums: number, weights: number, values: number, stride: number, tokens: number, columns: number): void;
  /** Slopes of scores from those of their probabilities, in place; may overwrite four numbers behind them; after `softmax`. */
  slope(slopes: number, weights: number, tokens: number, scale: number): void;
  /** `rows[token] += factors[token] vector`; as `score`. */
  spread(rows: number, factors: number, vector: number, stride: number, tokens: number, columns: number): void;
}

/** The part of the wasm backend that is used here and that its typings hide. */
interface WasmBackend {
  readonly wasm?: {
    readonly asm: { readonly memory: WasmHeap["memory"] };
    readonly _malloc: (bytes: number) => number;
    readonly _free: (address: number) => void;
  };
}

/** What the module of {@link HEAP_ATTENTION_CODE} exports. */
type HeapLoops = Pick<WasmHeap, "score" | "softmax" | "mix" | "slope" | "spread">;

/** The part of WebAssembly's own interface that is used; the compiler is told of no browser. */
interface WebAssemblyApi {
  readonly validate: (code: Uint8Array) => boolean;
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (
    module: object,
    imports: { readonly heap: { readonly memory: WasmHeap["memory"] } },
  ) => { readonly exports: HeapLoops };
}

/** Per memory; `null` where the module cannot join it. */
const heaps = new WeakMap<WasmHeap["memory"], WasmHeap | null>();

/**
 * The heap of the backend that runs, `undefined` where that is not wasm, threads share its memory, or the engine knows no SIMD.
 *
 * A module of 2 kB joins tfjs's own memory, so that rows and cached keys and values are read where they lie, four numbers at a time.
 * The exact tfjs version is a peer dependency, which makes the untyped fields safe to use.
 */
export function wasmHeap(): WasmHeap | undefined {
  const { wasm } = tf.backend() as unknown as WasmBackend;
  if (wasm === undefined) return undefined;
  const { memory } = wasm.asm;
  const known = heaps.get(memory);
  if (known !== undefined) return known ?? undefined;
  const loops = instantiate(memory);
  const heap = loops === undefined ? null : heapOf(wasm, loops);
  heaps.set(memory, heap);
  return heap ?? undefined;
}

/** Compiles the module and joins it to the memory; `undefined` where that is not possible. */
function instantiate(memory: WasmHeap["memory"]): HeapLoops | undefined {
  // The threaded build of tfjs has a shared memory, which only a module that declares it so may import.
  if (!(memory.buffer instanceof ArrayBuffer)) return undefined;
  const { validate, Module, Instance } = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi })
    .WebAssembly;
  const code = Uint8Array.from(atob(HEAP_ATTENTION_CODE), (letter) => letter.charCodeAt(0));
  return validate(code) ? new Instance(new Module(code), { heap: { memory } }).exports : undefined;
}

function heapOf(wasm: NonNullable<WasmBackend["wasm"]>, loops: HeapLoops): WasmHeap {
  return {
    memory: wasm.asm.memory,
    allocate(bytes) {
      // As tfjs does: above 2 GiB the signed number is negative.
      const address = wasm._malloc(bytes) >>> 0;
      if (address !== 0 || bytes === 0) return address;
      throw new HapsError(
        "backend",
        `the wasm backend has no room for ${bytes} more bytes; free tensors, or take shorter sequences or smaller batches`,
        { bytes },
      );
    },
    free: (address) => {
      wasm._free(address);
    },
    score: loops.score,
    softmax: loops.softmax,
    mix: loops.mix,
    slope: loops.slope,
    spread: loops.spread,
  };
}

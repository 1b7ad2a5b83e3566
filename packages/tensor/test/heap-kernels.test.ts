import { readFileSync } from "node:fs";
import { addLowRank, createFloatStore, createRng, rmsNorm, ropeRows, segmentAttention, swigluPair } from "@haps/tensor";
import { expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, expect, it, vi } from "vitest";
import initialiseWabt from "wabt";
import { HEAP_KERNELS_CODE } from "../src/kernels/heap-kernels-code.ts";
import { type WasmHeap, wasmHeap } from "../src/kernels/wasm-heap.ts";

beforeAll(async () => {
  await tf.setBackend("wasm");
});

/** Writes numbers into the heap, runs, and reads as many back as there were. */
function inHeap(numbers: readonly number[], run: (heap: WasmHeap, address: number) => void): number[] {
  const heap = wasmHeap() as WasmHeap;
  const address = heap.allocate(4 * numbers.length);
  new Float32Array(heap.memory.buffer, address, numbers.length).set(numbers);
  run(heap, address);
  const result = [...new Float32Array(heap.memory.buffer, address, numbers.length)];
  heap.free(address);
  return result;
}

describe("the code of what works in the heap", () => {
  it("is what its source assembles to", async () => {
    const parts = ["exponential", "attention", "rows"].map((name) =>
      readFileSync(new URL(`../src/kernels/heap/${name}.wat`, import.meta.url), "utf8"),
    );
    const wabt = await initialiseWabt();
    const source = `(module (import "heap" "memory" (memory 0))\n${parts.join("\n")})`;
    const { buffer } = wabt.parseWat("heap-kernels.wat", source, { simd: true }).toBinary({});
    expect(Buffer.from(buffer).toString("base64")).toBe(HEAP_KERNELS_CODE);
  });

  it.each([1, 2, 3, 4, 5, 8, 33])("makes probabilities of %d scores, near and far", (tokens) => {
    for (const [spread, scale] of [
      [1, 0.5],
      [40, 1],
      [300, 0.25],
      [3, -1],
    ] as const) {
      const scores = [...createRng(tokens).normals(tokens, spread)];
      const result = inHeap([...scores, 7, 7, 7, 7, 8], (heap, at) => {
        heap.softmax(at, tokens, scale);
      });
      const scaled = scores.map((score) => Math.fround(score * scale));
      const powers = scaled.map((score) => Math.exp(score - Math.max(...scaled)));
      const total = powers.reduce((sum, power) => sum + power, 0);
      powers.forEach((power, token) => {
        // A float32 of up to 100 is known to 4e-6.
        const share = power / total;
        expect(Math.abs((result[token] as number) - share)).toBeLessThanOrEqual(6e-6 * share + 2e-38);
      });
      expect(result[tokens + 4]).toBe(8);
    }
  });

  it("exponentiates to a relative 3e-7", () => {
    for (let x = -87; x < 0; x += 0.0137) {
      const low = Math.fround(x);
      const [share, rest] = inHeap([low, 0, 0, 0, 0, 0], (heap, at) => {
        heap.softmax(at, 2, 1);
      }) as [number, number];
      expect(Math.abs(share / rest / Math.exp(low) - 1)).toBeLessThan(3e-7);
    }
  });

  it("hands NaN and infinities of scores on as plain loops do", () => {
    const softmax = (...scores: number[]) =>
      inHeap([...scores, 0, 0, 0, 0], (heap, at) => {
        heap.softmax(at, scores.length, 1);
      }).slice(0, scores.length);
    expect(softmax(1, Number.NaN, 2).every(Number.isNaN)).toBe(true);
    expect(softmax(1, Number.POSITIVE_INFINITY)[1]).toBeNaN();
    expect(softmax(1, Number.NEGATIVE_INFINITY)).toEqual([1, 0]);
  });

  it("gives a token the same score wherever it stands", () => {
    const columns = 12;
    const token = [...createRng(1).normals(2 * columns)];
    const keys = Array.from({ length: 7 }, () => token.slice(columns)).flat();
    const result = inHeap([...new Array<number>(7).fill(0), ...token.slice(0, columns), ...keys], (heap, at) => {
      heap.score(at, at + 28, at + 28 + 4 * columns, 4 * columns, 7, columns);
    });
    expect(new Set(result.slice(0, 7)).size).toBe(1);
    expect(result[0]).not.toBe(0);
  });

  it("is done without where WebAssembly has no SIMD", async () => {
    const fused = tf.tensor2d(createRng(2).normals(9 * 24), [9, 24]);
    const options = {
      heads: 2,
      segments: [
        { start: 0, length: 3 },
        { start: 3, length: 6, ancestors: [0] },
      ],
    };
    const expected = segmentAttention(fused, options);
    vi.resetModules();
    vi.stubGlobal("WebAssembly", { validate: () => false });
    try {
      const withoutSimd = await import("@haps/tensor");
      const store = withoutSimd.createFloatStore(2);
      expect([...store.values]).toEqual([0, 0]);
      const result = withoutSimd.segmentAttention(fused, options);
      expectClose(result, expected, { rtol: 1e-5, atol: 1e-6 });
      tf.dispose([result, expected, fused]);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  /** The part of the wasm backend through which JavaScript takes and gives back room. */
  interface WasmRoom {
    _malloc: (bytes: number) => number;
    _free: (address: number) => void;
  }

  /** Each operation that works in the heap; its constants are made before. */
  const uses: Readonly<Record<string, { shapes: number[][]; run: (...inputs: tf.Tensor[]) => tf.Tensor }>> = {
    swigluPair: { shapes: [[3, 8]], run: (x) => swigluPair(x as tf.Tensor2D) },
    rmsNorm: { shapes: [[3, 8], [8]], run: (x, gain) => rmsNorm(x, gain as tf.Tensor1D) },
    ropeRows: {
      shapes: [[3, 16]],
      run: (x) => ropeRows(x as tf.Tensor2D, { headDim: 8, heads: 1, positions: [1, 2, 3], frequencies: [1, 1, 1, 1] }),
    },
    segmentAttention: {
      shapes: [[3, 12]],
      run: (x) => segmentAttention(x as tf.Tensor2D, { heads: 1, segments: [{ start: 0, length: 3 }] }),
    },
    addLowRank: {
      shapes: [
        [3, 8],
        [3, 8],
        [1, 4, 8],
        [1, 8, 4],
      ],
      run: (base, x, down, up) =>
        addLowRank(base as tf.Tensor2D, x as tf.Tensor2D, {
          down: down as tf.Tensor3D,
          up: up as tf.Tensor3D,
          scale: 1,
          sampleOf: [0, -1, 0],
        }),
    },
  };

  it.each(Object.entries(uses))("gives back all room that %s takes, also where there is too little", (_, use) => {
    const { wasm } = tf.backend() as unknown as { readonly wasm: WasmRoom };
    const { _malloc: malloc, _free: free } = wasm;
    const inputs = use.shapes.map((shape) => tf.ones(shape));
    for (const input of inputs) input.dataSync();
    const tensors = tf.memory().numTensors;
    const taken = new Set<number>();
    let left = Number.POSITIVE_INFINITY;
    Object.assign(wasm, {
      _malloc: (bytes: number) => {
        left -= 1;
        const address = left < 0 ? 0 : malloc(bytes);
        if (address !== 0) taken.add(address);
        return address;
      },
      _free: (address: number) => {
        taken.delete(address);
        if (address !== 0) free(address);
      },
    });
    try {
      tf.tidy(() =>
        tf
          .grads(use.run)(inputs)
          .map((slopes) => slopes.dataSync()),
      );
      expect(taken.size).toBe(0);
      for (const room of [0, 1, 2]) {
        left = room;
        try {
          use.run(...inputs).dispose();
          expect(room).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toMatchObject({ code: "backend" });
        }
        expect(taken.size).toBe(0);
        expect(tf.memory().numTensors).toBe(tensors);
      }
    } finally {
      Object.assign(wasm, { _malloc: malloc, _free: free });
      tf.dispose(inputs);
    }
  });

  it("reads a past where it lay when the call began, also where the memory has to grow for the result", () => {
    const { wasm } = tf.backend() as unknown as { readonly wasm: WasmRoom };
    const { _malloc: malloc } = wasm;
    const { memory } = wasmHeap() as WasmHeap;
    const stores = [createFloatStore(8), createFloatStore(8)] as const;
    for (const [index, { values }] of stores.entries()) values.set(createRng(index).normals(8));
    const fused = tf.tensor2d(createRng(2).normals(12), [1, 12]);
    const run = () => {
      const past = { keys: stores[0].values, values: stores[1].values, length: 2 };
      return tf.tidy(() => segmentAttention(fused, { heads: 1, segments: [{ start: 0, length: 1, past }] }).dataSync());
    };
    const expected = run();
    const before = memory.buffer;
    wasm._malloc = (bytes) => {
      wasm._malloc = malloc;
      wasm._free(malloc(before.byteLength));
      return malloc(bytes);
    };
    const found = run();
    expect(memory.buffer.byteLength).toBeGreaterThan(0);
    expect(memory.buffer).not.toBe(before);
    expect(found).toEqual(expected);
    fused.dispose();
    for (const store of stores) store.dispose();
  });

  it("does not join a memory that threads share", () => {
    const memory = { buffer: new SharedArrayBuffer(65_536) };
    const backend = vi.spyOn(tf.engine(), "backend", "get");
    backend.mockReturnValue({ wasm: { asm: { memory } } } as unknown as tf.KernelBackend);
    expect(wasmHeap()).toBeUndefined();
    backend.mockRestore();
    expect(wasmHeap()).toBeDefined();
  });

  it("makes addresses above 2 GiB positive, and says how much there is no room for", () => {
    const Memory = (wasmHeap() as WasmHeap).memory.constructor as new (size: { initial: number }) => object;
    const addresses = [-2_013_172_712, 0];
    const wasm = {
      asm: { memory: new Memory({ initial: 1 }) },
      _malloc: () => addresses.shift(),
      _free: () => undefined,
    };
    const backend = vi.spyOn(tf.engine(), "backend", "get");
    backend.mockReturnValue({ wasm } as unknown as tf.KernelBackend);
    const heap = wasmHeap();
    backend.mockRestore();
    expect(heap?.allocate(8)).toBe(2 ** 32 - 2_013_172_712);
    expect(() => heap?.allocate(12)).toThrow(expect.objectContaining({ code: "backend", facts: { bytes: 12 } }));
  });
});

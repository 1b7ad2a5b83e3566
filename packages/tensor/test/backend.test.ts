import { type BackendName, type LoadedBackend, loadBackend } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

/** Whether the optional native package is installed here. */
async function nativeLoads(): Promise<boolean> {
  return loadBackend(["native"]).then(
    () => true,
    () => false,
  );
}

describe("loadBackend", () => {
  it("takes the first of its order that loads, and makes it the running one", async () => {
    for (const order of [
      ["cpu", "wasm"],
      ["wasm", "cpu"],
    ] as const) {
      const loaded = await loadBackend(order);
      expect(loaded.name).toBe(order[0]);
      expect(loaded.tried).toEqual([]);
      expect(tf.getBackend()).toBe(order[0]);
      expect(tf.square(3).dataSync()[0]).toBe(9);
    }
  });

  it("may be called again for the backend that runs", async () => {
    await loadBackend(["wasm"]);
    const held = tf.tensor1d([1, 2]);
    expect((await loadBackend(["wasm"])).name).toBe("wasm");
    expect([...held.dataSync()]).toEqual([1, 2]);
    held.dispose();
  });

  it("records why the ones before did not load", async () => {
    const unknown = "webgpu" as BackendName;
    const loaded: LoadedBackend = await loadBackend([unknown, "cpu"]);
    expect(loaded.name).toBe("cpu");
    expect(loaded.tried).toEqual([
      { name: "webgpu", reason: 'unknown backend "webgpu", expected native, wasm or cpu' },
    ]);
  });

  it("prefers native to wasm by default, and says how to get it where it is missing", async () => {
    const native = await nativeLoads();
    const loaded = await loadBackend();
    expect(loaded.name).toBe(native ? "native" : "wasm");
    if (native) return expect(loaded.tried).toEqual([]);
    expect(loaded.tried).toEqual([{ name: "native", reason: expect.stringContaining("@tensorflow/tfjs-node") }]);
    expect(loaded.tried[0]?.reason).not.toContain("\n");
    expect(loaded.hint).toContain("npm install @tensorflow/tfjs-node");
  });

  it("fails with every reason when none loads, and leaves the running one alone", async () => {
    await loadBackend(["cpu"]);
    const order = ["webgpu", "webgl"] as unknown as BackendName[];
    const failure = await loadBackend(order).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "backend",
      facts: { order, tried: [{ name: "webgpu" }, { name: "webgl" }] },
    });
    expect((failure as Error).message).toContain('webgl: unknown backend "webgl"');
    expect(tf.getBackend()).toBe("cpu");
  });

  it("refuses an empty order", async () => {
    await expect(loadBackend([])).rejects.toMatchObject({ code: "backend", facts: { order: [], tried: [] } });
  });
});

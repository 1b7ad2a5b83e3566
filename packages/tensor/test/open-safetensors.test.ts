import { DataError } from "@haps/spec";
import { type ByteSource, createRng, openSafetensors, readSafetensors, writeSafetensors } from "@haps/tensor";
import { describe, expect, it } from "vitest";

const arrays = new Map([
  ["b", { shape: [2, 3], values: createRng(1).normals(6) }],
  ["a", { shape: [4], values: createRng(2).normals(4) }],
  ["empty", { shape: [0], values: new Float32Array(0) }],
]);

/** Bytes as a source that notes what is read. */
function sourceOf(bytes: Uint8Array, size = bytes.length): ByteSource & { readonly reads: [number, number][] } {
  const reads: [number, number][] = [];
  return {
    name: "m.safetensors",
    size,
    reads,
    read: (position, length) => {
      reads.push([position, length]);
      return Promise.resolve(bytes.slice(position, position + length));
    },
  };
}

describe("openSafetensors", () => {
  it.each(["f32", "f16", "bf16"] as const)("reads the same %s tensors as the whole file gives", async (dtype) => {
    const bytes = writeSafetensors(arrays, { dtype, metadata: { format: "pt" } });
    const whole = readSafetensors(bytes);
    const file = await openSafetensors(sourceOf(bytes));
    expect(file.metadata).toEqual({ format: "pt" });
    expect(file.entries.map(({ name }) => name)).toEqual([...whole.arrays.keys()]);
    for (const [name, array] of whole.arrays) expect(await file.read(name)).toEqual(array);
  });

  it("reads the header, and then nothing but the tensor that is asked for", async () => {
    const source = sourceOf(writeSafetensors(arrays));
    const file = await openSafetensors(source);
    source.reads.length = 0;
    await file.read("a");
    expect(source.reads.map(([, length]) => length)).toEqual([16]);
  });

  it("names file and tensor where the source ends too early or the tensor is unknown", async () => {
    const bytes = writeSafetensors(arrays);
    const cut = await openSafetensors(sourceOf(bytes.subarray(0, bytes.length - 1), bytes.length));
    await expect(cut.read("b")).rejects.toThrow(/^m\.safetensors, field "b": has 23 of its 24 bytes/);
    await expect(cut.read("c")).rejects.toThrow(DataError);
    await expect(openSafetensors(sourceOf(bytes.subarray(0, 5)))).rejects.toThrow(/has 5 bytes/);
    await expect(openSafetensors(sourceOf(bytes.subarray(0, 30)))).rejects.toThrow(DataError);
    await expect(openSafetensors(sourceOf(bytes.subarray(0, 30), bytes.length))).rejects.toThrow(DataError);
  });
});

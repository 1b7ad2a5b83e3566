import { describeEachBackend } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

const seen: string[] = [];

describeEachBackend("describeEachBackend", (backend) => {
  it("runs its tests on the backend it names", () => {
    seen.push(backend);
    expect(tf.getBackend()).toBe(backend === "native" ? "tensorflow" : backend);
  });
});

describe("describeEachBackend as a whole", () => {
  it("always covers cpu and wasm", () => {
    expect(seen.slice(0, 2)).toEqual(["cpu", "wasm"]);
  });
});

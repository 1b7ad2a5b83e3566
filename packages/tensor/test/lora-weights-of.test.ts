import type { LoraTarget } from "@haps/spec";
import { createRng, type LoraTensors, loraTargetName, loraWeightsOf } from "@haps/tensor";
import { describeEachBackend, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const TARGET: LoraTarget = { layer: 2, projection: "v", in: 3, out: 5, rank: 2 };
const DOWN = createRng(1).normals(4 * 2 * 3);
const UP = createRng(2).normals(4 * 5 * 2);

function makeTensors(up = UP): LoraTensors {
  return {
    targets: [{ target: TARGET, down: tf.tensor3d(DOWN, [4, 2, 3]), up: tf.tensor3d(up.slice(), [4, 5, 2]) }],
    scale: 0.25,
  };
}

const free = ({ targets }: LoraTensors): void => {
  for (const { down, up } of targets) tf.dispose([down, up]);
};

describeEachBackend("loraWeightsOf", () => {
  it("reads the factors of one sample, row-major, bit for bit", () => {
    const tensors = makeTensors();
    for (const row of [0, 3]) {
      const weights = loraWeightsOf(tensors, row, "adapter");
      expect(weights).toEqual({
        id: "adapter",
        scale: 0.25,
        targets: [{ target: TARGET, down: DOWN.slice(row * 6, row * 6 + 6), up: UP.slice(row * 10, row * 10 + 10) }],
      });
    }
    free(tensors);
  });

  it("gives copies, and leaves nothing allocated", () => {
    const tensors = makeTensors();
    loraWeightsOf(tensors, 1, "first").targets[0]?.up.fill(7);
    expect(loraWeightsOf(tensors, 1, "second").targets[0]?.up).toEqual(UP.slice(10, 20));
    expectNoTensorLeak(() => {
      loraWeightsOf(tensors, 1, "third");
      return [];
    });
    free(tensors);
  });

  it("names the row outside of the batch, the tensor of another shape and the number that is not finite", () => {
    const tensors = makeTensors(UP.with(11, Number.POSITIVE_INFINITY));
    const failure = (code: string, text: string) =>
      expect.objectContaining({ code, message: expect.stringContaining(text) as unknown }) as Error;
    for (const row of [-1, 4, 0.5, Number.NaN]) {
      expect(() => loraWeightsOf(tensors, row, "x")).toThrow(failure("config", `row ${row} of a batch of 4`));
    }
    expect(() => loraWeightsOf(tensors, 1, "x")).toThrow(
      failure("non-finite", "layer 2 v up has Infinity at position 1 of row 1"),
    );
    expect(loraWeightsOf(tensors, 0, "x").targets).toHaveLength(1);
    const other = { ...tensors, targets: tensors.targets.map((entry) => ({ ...entry, target: { ...TARGET, in: 4 } })) };
    expect(() => loraWeightsOf(other, 0, "x")).toThrow(failure("shape", "layer 2 v down has shape [4, 2, 3]"));
    expect(loraTargetName(TARGET)).toBe("layer 2 v");
    free(tensors);
  });
});

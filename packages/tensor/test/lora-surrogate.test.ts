import type { LoraTarget, LoraWeights } from "@haps/spec";
import { createRng, dense, type LoraTensors, loraWeightsOf, surrogateLoss, tidyValue } from "@haps/tensor";
import { checkGradient, describeEachBackend, expectClose, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

const WIDE: LoraTarget = { layer: 1, projection: "gate", in: 2, out: 4, rank: 2 };
const SQUARE: LoraTarget = { layer: 0, projection: "q", in: 3, out: 3, rank: 1 };
const BATCH = 3;
const SCALE = 0.5;

const numbers = (name: string, count: number): Float32Array => createRng(5).fork(name).normals(count);

function factorsOf(...tensors: readonly tf.Tensor[]): LoraTensors {
  const [wideDown, wideUp, squareDown, squareUp] = tensors as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
  return {
    targets: [
      { target: WIDE, down: wideDown, up: wideUp },
      { target: SQUARE, down: squareDown, up: squareUp },
    ],
    scale: SCALE,
  };
}

function makeTensors(): tf.Tensor[] {
  return [WIDE, SQUARE].flatMap(({ projection, rank, in: inputs, out }) => [
    tf.tensor3d(numbers(`${projection} down`, BATCH * rank * inputs), [BATCH, rank, inputs]),
    tf.tensor3d(numbers(`${projection} up`, BATCH * out * rank), [BATCH, out, rank]),
  ]);
}

function slopesOf(sample: number, targets: readonly LoraTarget[] = [WIDE, SQUARE]): LoraWeights {
  return {
    id: `gradient ${sample}`,
    scale: SCALE,
    targets: targets.map((target) => ({
      target,
      down: numbers(`slopes ${sample} ${target.projection} down`, target.rank * target.in),
      up: numbers(`slopes ${sample} ${target.projection} up`, target.out * target.rank),
    })),
  };
}

/** An engine outside of tfjs: gradients of `-(y · (scale up down) x - t)²` for the factors of each sample, by the formula. */
function engine(tensors: LoraTensors, data: Readonly<Record<"x" | "y" | "t", Float32Array>>): LoraWeights[] {
  return Array.from({ length: BATCH }, (_, sample) => {
    const weights = loraWeightsOf(tensors, sample, `sample ${sample}`);
    const { target, down, up } = weights.targets[0] as LoraWeights["targets"][number];
    const { in: inputs, out, rank } = target;
    const at = (values: Float32Array, index: number): number => values[index] as number;
    const x = data.x.subarray(sample * inputs, (sample + 1) * inputs);
    const y = data.y.subarray(sample * out, (sample + 1) * out);
    const downX = Array.from({ length: rank }, (_unused, r) =>
      x.reduce((sum, value, column) => sum + at(down, r * inputs + column) * value, 0),
    );
    const upY = Array.from({ length: rank }, (_unused, r) =>
      y.reduce((sum, value, row) => sum + at(up, row * rank + r) * value, 0),
    );
    const score = SCALE * downX.reduce((sum, value, r) => sum + value * (upY[r] as number), 0);
    const slope = -2 * (score - at(data.t, sample)) * SCALE;
    const gradients = {
      target,
      down: Float32Array.from(
        { length: rank * inputs },
        (_unused, index) => slope * (upY[Math.floor(index / inputs)] as number) * at(x, index % inputs),
      ),
      up: Float32Array.from(
        { length: out * rank },
        (_unused, index) => slope * at(y, Math.floor(index / rank)) * (downX[index % rank] as number),
      ),
    };
    return { ...weights, targets: [gradients] };
  });
}

describeEachBackend("surrogateLoss", () => {
  it("is the inner product of factors and gradients, samples without one left out", () => {
    const slopes = [slopesOf(0), undefined, slopesOf(2, [SQUARE, WIDE])];
    let expected = 0;
    tidyValue(() => {
      const tensors = factorsOf(...makeTensors());
      slopes.forEach((slope, sample) => {
        if (slope === undefined) return;
        for (const { target, down, up } of loraWeightsOf(tensors, sample, "values").targets) {
          const other = slope.targets.find((entry) => entry.target === target);
          down.forEach((value, index) => {
            expected += value * (other?.down[index] as number);
          });
          up.forEach((value, index) => {
            expected += value * (other?.up[index] as number);
          });
        }
      });
      expectClose(surrogateLoss(tensors, slopes), expected, { rtol: 1e-5, atol: 1e-5 });
    });
  });

  it("has exactly the given gradients for the factors, zero for samples without one", () => {
    tidyValue(() => {
      const slopes = [undefined, slopesOf(1), slopesOf(2)];
      const inputs = makeTensors();
      checkGradient((...tensors) => surrogateLoss(factorsOf(...tensors), slopes), inputs);
      const found = tf.grads((...tensors: tf.Tensor[]) => surrogateLoss(factorsOf(...tensors), slopes))(inputs);
      const zeros = (count: number): number[] => new Array<number>(count).fill(0);
      const expected = [WIDE, SQUARE].flatMap((target, index) =>
        (["down", "up"] as const).map((factor) =>
          slopes.flatMap((slope) => [
            ...(slope?.targets[index]?.[factor] ?? zeros(target.rank * (factor === "down" ? target.in : target.out))),
          ]),
        ),
      );
      found.forEach((gradient, index) => {
        expect([...gradient.dataSync()]).toEqual(expected[index]);
      });
    });
  });

  it("adds up several gradients of a sample and leaves samples without any at zero", () => {
    tidyValue(() => {
      const [first, second, third] = [slopesOf(0), slopesOf(1, [SQUARE, WIDE]), slopesOf(2)];
      const slopesFor = (slopes: readonly LoraWeights[], sampleOf: readonly number[]) =>
        tf
          .grads((...tensors: tf.Tensor[]) => surrogateLoss(factorsOf(...tensors), slopes, sampleOf))(makeTensors())
          .map((gradient) => [...gradient.dataSync()]);
      const alone = (slope: LoraWeights, sample: number) => slopesFor([slope], [sample]);
      const expected = [alone(first, 2), alone(second, 0), alone(third, 2)];
      slopesFor([first, second, third], [2, 0, 2]).forEach((found, tensor) => {
        expect(found).toEqual(
          found.map((_, at) =>
            Math.fround(expected.reduce((sum, slopes) => sum + (slopes[tensor]?.[at] as number), 0)),
          ),
        );
        expect(found.slice(found.length / BATCH, (2 * found.length) / BATCH).every((slope) => slope === 0)).toBe(true);
      });
      expect(
        slopesFor([], [])
          .flat()
          .every((slope) => slope === 0),
      ).toBe(true);
    });
  });

  it("gives the gradient of direct differentiation when an engine outside of tfjs differentiated the rest", () => {
    tidyValue(() => {
      // ln L = -(y · (scale up down) x - t)² of each sample; factors by one dense layer from a hidden state.
      const hidden = tf.tensor2d(numbers("hidden", BATCH * 4), [BATCH, 4]);
      const x = numbers("x", BATCH * WIDE.in);
      const y = numbers("y", BATCH * WIDE.out);
      const t = numbers("t", BATCH);
      const downKernel = tf.tensor2d(numbers("down kernel", 4 * 4), [4, 4]);
      const upKernel = tf.tensor2d(numbers("up kernel", 4 * 8), [4, 8]);
      const generate = (...inputs: tf.Tensor[]): LoraTensors => {
        const [h, down, up] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
        const targets = [
          {
            target: WIDE,
            down: tf.reshape<tf.Rank.R3>(dense(h, down), [BATCH, 2, 2]),
            up: tf.reshape<tf.Rank.R3>(dense(h, up), [BATCH, 4, 2]),
          },
        ];
        return { targets, scale: SCALE };
      };
      const direct = (...inputs: tf.Tensor[]): tf.Scalar => {
        const { down, up } = generate(...inputs).targets[0] as LoraTensors["targets"][number];
        const narrow = tf.matMul(down, tf.tensor3d(x, [BATCH, 2, 1])); // [batch, rank, 1]
        const wide = tf.matMul(up, narrow); // [batch, out, 1]
        const score = tf.sum(tf.mul(wide, tf.tensor3d(y, [BATCH, 4, 1])), [1, 2]);
        return tf.neg(tf.sum<tf.Scalar>(tf.square(tf.sub(tf.mul(score, SCALE), tf.tensor1d(t)))));
      };
      const inputs = [hidden, downKernel, upKernel];
      const expected = tf.grads(direct)(inputs);
      const slopes = engine(generate(...inputs), { x, y, t });
      const found = tf.grads((...values: tf.Tensor[]) => surrogateLoss(generate(...values), slopes))(inputs);
      found.forEach((gradient, index) => {
        expectClose(gradient, expected[index] as tf.Tensor, { rtol: 1e-6, atol: 1e-6 });
      });
    });
  });

  it("refuses gradients of other targets, sizes, scales or samples, and numbers that are not finite", () => {
    tidyValue(() => {
      const tensors = factorsOf(...makeTensors());
      const all = (change: LoraWeights) => () => surrogateLoss(tensors, [slopesOf(0), change, undefined]);
      const failure = (code: string, text: string) =>
        expect.objectContaining({ code, message: expect.stringContaining(text) as unknown }) as Error;
      const good = slopesOf(1);
      const [wide, square] = good.targets as [LoraWeights["targets"][number], LoraWeights["targets"][number]];
      expect(all({ ...good, targets: [wide] })).toThrow(failure("config", "sample 1 is for [layer 1 gate 4x2 rank 2]"));
      expect(all({ ...good, targets: [wide, wide] })).toThrow(failure("config", "expected [layer 0 q 3x3 rank 1"));
      expect(all({ ...good, scale: 1 })).toThrow(failure("config", "was taken at scale 1"));
      const short = { ...square, up: new Float32Array(2) };
      expect(all({ ...good, targets: [wide, short] })).toThrow(failure("shape", "layer 0 q up of sample 1"));
      const bad = { ...wide, down: Float32Array.of(0, 1, Number.NaN, 0) };
      expect(all({ ...good, targets: [bad, square] })).toThrow(failure("non-finite", "layer 1 gate down of sample 1"));
      expect(() => surrogateLoss(tensors, [good])).toThrow(failure("shape", "layer 1 gate down has shape [3, 2, 2]"));
      expect(() => surrogateLoss(tensors, [good], [3])).toThrow(failure("config", "gradient 0 is of sample 3"));
      expect(() => surrogateLoss(tensors, [good], [0.5])).toThrow(failure("config", "sample 0.5, in a batch of 3"));
      expect(() => surrogateLoss(tensors, [good], [0, 1])).toThrow(failure("shape", "sampleOf"));
    });
  });

  it("leaves nothing allocated", () => {
    const inputs = makeTensors();
    const slopes = [slopesOf(0), undefined, slopesOf(2)];
    expectNoTensorLeak(() => surrogateLoss(factorsOf(...inputs), slopes));
    expectNoTensorLeak(() =>
      tf.grads((...tensors: tf.Tensor[]) => surrogateLoss(factorsOf(...tensors), slopes))(inputs),
    );
    tf.dispose(inputs);
  });
});

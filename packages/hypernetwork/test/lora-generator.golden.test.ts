import { readFileSync } from "node:fs";
import { createLoraGenerator, type LoraGeneratorOptions } from "@haps/hypernetwork";
import type { LoraTarget } from "@haps/spec";
import { createRng, type LoraTensors, type NamedArray, tidyValue, writeVariables } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

interface Packed {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** As `torch.nn.Linear` stores it, `[out, in]`. */
interface TorchLinear {
  readonly weight: Packed;
  readonly bias: Packed;
  readonly weightGradient: Packed;
  readonly biasGradient: Packed;
}

interface Case extends Pick<LoraGeneratorOptions, "sharing" | "trunkWidth"> {
  readonly name: string;
  readonly targets: readonly LoraTarget[];
  readonly scale: number;
  readonly hidden: Packed;
  readonly hiddenGradient: Packed;
  readonly trunk: readonly TorchLinear[];
  readonly outA: readonly TorchLinear[];
  readonly outB: readonly TorchLinear[];
  readonly factors: readonly Readonly<Record<"A" | "B" | "update" | "slopesA" | "slopesB", Packed>>[];
}

const { cases } = JSON.parse(readFileSync(new URL("fixtures/lora-generator.json", import.meta.url), "utf8")) as {
  readonly cases: readonly Case[];
};

const unpack = <Shape extends tf.Rank>({ shape, values }: Packed) => tf.tensor<Shape>([...values], [...shape] as never);

function transposed({ shape, values }: Packed): number[] {
  const [rows = 0, columns = 0] = shape;
  return Array.from(
    { length: rows * columns },
    (_, index) => values[(index % rows) * columns + Math.floor(index / rows)] as number,
  );
}

/** The torch layer behind each prefix of the generator's variables. */
function layersOf(golden: Case): ReadonlyMap<string, TorchLinear> {
  const prefix = ({ layer, projection }: LoraTarget): string =>
    golden.sharing === "perTarget" ? `heads/${layer}/${projection}` : "heads";
  return new Map([
    ...golden.trunk.map((layer, index) => [`trunk/${index}`, layer] as const),
    ...golden.outA.map((layer, index) => [`${prefix(golden.targets[index] as LoraTarget)}/up`, layer] as const),
    ...golden.outB.map((layer, index) => [`${prefix(golden.targets[index] as LoraTarget)}/down`, layer] as const),
  ]);
}

function generatorOf(golden: Case) {
  const generator = createLoraGenerator({
    hiddenDimension: golden.hidden.shape[1] as number,
    trunkLayers: golden.trunk.length,
    trunkWidth: golden.trunkWidth,
    sharing: golden.sharing,
    space: { targets: golden.targets, scale: golden.scale },
    rng: createRng(1),
  });
  const arrays = new Map<string, NamedArray>();
  for (const [prefix, { weight, bias }] of layersOf(golden)) {
    const shape = [...weight.shape].reverse();
    arrays.set(`${prefix}/kernel`, { shape, values: Float32Array.from(transposed(weight)) });
    arrays.set(`${prefix}/bias`, { shape: bias.shape, values: Float32Array.from(bias.values) });
  }
  writeVariables(generator.variables, arrays);
  return generator;
}

/** `Σ slopesA · up + slopesB · down`. */
function contracted({ targets }: LoraTensors, golden: Case): tf.Scalar {
  const terms = targets.flatMap(({ up, down }, index) => {
    const { slopesA, slopesB } = golden.factors[index] as Case["factors"][number];
    return [tf.sum(tf.mul(up, unpack(slopesA))), tf.sum(tf.mul(down, unpack(slopesB)))];
  });
  return tf.addN(terms) as tf.Scalar;
}

describeEachBackend("createLoraGenerator against PyTorch", () => {
  it.each(cases)("makes the paper's A and B: $name", (golden) => {
    const generator = generatorOf(golden);
    tidyValue(() => {
      const { targets, scale } = generator.generate(unpack(golden.hidden));
      expect(targets.map(({ target }) => target)).toEqual(golden.targets);
      targets.forEach(({ up, down }, index) => {
        const { A, B, update } = golden.factors[index] as Case["factors"][number];
        expectClose(up, unpack(A));
        expectClose(down, unpack(B));
        expectClose(tf.mul(tf.matMul(up, down), scale), unpack(update));
      });
    });
    generator.variables.dispose();
  });

  it.each(cases)("has PyTorch's gradients for hidden states, trunk and heads: $name", (golden) => {
    const generator = generatorOf(golden);
    tidyValue(() => {
      const loss = (hidden: tf.Tensor): tf.Scalar => contracted(generator.generate(hidden as tf.Tensor2D), golden);
      expectClose(tf.grad(loss)(unpack(golden.hidden)), unpack(golden.hiddenGradient), { atol: 1e-5 });
      const { grads } = tf.variableGrads(() => loss(unpack(golden.hidden)));
      const gradientOf = (name: string) => grads[generator.variables.get(name).name] as tf.Tensor;
      const layers = layersOf(golden);
      expect(2 * layers.size).toBe(generator.variables.size);
      for (const [prefix, { weightGradient, biasGradient }] of layers) {
        expectClose(gradientOf(`${prefix}/kernel`), transposed(weightGradient), { atol: 1e-5 });
        expectClose(gradientOf(`${prefix}/bias`), biasGradient.values, { atol: 1e-5 });
      }
    });
    generator.variables.dispose();
  });
});

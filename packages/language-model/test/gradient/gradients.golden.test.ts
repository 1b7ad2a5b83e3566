import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { completionGradient, loadLanguageModel } from "@haps/language-model";
import type { LoraTarget } from "@haps/spec";
import { describeEachBackend } from "@haps/testing";
import { expect, it } from "vitest";
import { expectSameGradients } from "./gradient-items.ts";

/** Written by make-gradients.py: autograd of PyTorch through Hugging Face transformers and PEFT, in float64. */
interface Golden {
  readonly scale: number;
  readonly promptTokens: readonly number[];
  readonly tokens: readonly number[];
  readonly cases: readonly {
    readonly model: string;
    readonly name: string;
    readonly logLikelihood: number;
    readonly targets: readonly (Readonly<Record<"down" | "up" | "downGradient" | "upGradient", readonly number[]>> & {
      readonly target: LoraTarget;
    })[];
  }[];
}

const FIXTURES = fileURLToPath(new URL("../fixtures", import.meta.url));
const golden = JSON.parse(readFileSync(`${FIXTURES}/gradient/gradients.json`, "utf8")) as Golden;
const { scale, promptTokens, tokens } = golden;

describeEachBackend("gradients of PyTorch", () => {
  it.each(golden.cases)("are those of $model with LoRA on $name", async ({ model: folder, logLikelihood, targets }) => {
    const model = await loadLanguageModel(`${FIXTURES}/models/${folder}`);
    const weightsOf = (down: "down" | "downGradient", up: "up" | "upGradient") => ({
      id: "golden",
      scale,
      targets: targets.map((entry) => ({
        target: entry.target,
        down: Float32Array.from(entry[down]),
        up: Float32Array.from(entry[up]),
      })),
    });
    const item = { promptTokens, tokens, lora: weightsOf("down", "up"), weight: 1 };
    const expected = { logLikelihoods: [logLikelihood], gradients: [weightsOf("downGradient", "upGradient")] };
    for (const mode of ["tail", "full"] as const) {
      const got = completionGradient(model, [item], { mode });
      expectSameGradients(got, expected, 2e-5);
      expect(got.gradients[0]?.targets.map(({ target }) => target)).toEqual(targets.map(({ target }) => target));
    }
    model.dispose();
  });
});

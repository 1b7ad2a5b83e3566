import { readFileSync } from "node:fs";
import type { PeftFiles } from "@haps/hypernetwork";
import type { LoraFactors, LoraTarget, LoraWeights } from "@haps/spec";
import { type NamedArray, writeSafetensors } from "@haps/tensor";

/** What make-peft.py wrote for one adapter: the numbers, and who made the files of them. */
export interface PeftCase {
  readonly name: string;
  readonly madeBy: "haps" | "peft";
  readonly baseModel: string;
  readonly weights: LoraWeights;
  /** As committed, and as judged by PEFT. */
  readonly files: PeftFiles;
}

interface Golden extends Pick<PeftCase, "name" | "madeBy" | "baseModel"> {
  readonly lora: {
    readonly scale: number;
    readonly targets: readonly { readonly target: LoraTarget; readonly down: number[]; readonly up: number[] }[];
  };
}

const FOLDER = new URL("../../language-model/test/fixtures/peft/", import.meta.url);

export function readPeftCases(): readonly PeftCase[] {
  const { cases } = JSON.parse(readFileSync(new URL("cases.json", FOLDER), "utf8")) as { readonly cases: Golden[] };
  return cases.map(({ name, madeBy, baseModel, lora }) => {
    const targets = lora.targets.map(
      ({ target, down, up }): LoraFactors => ({
        target,
        down: Float32Array.from(down),
        up: Float32Array.from(up),
      }),
    );
    const file = (ending: string): Uint8Array =>
      new Uint8Array(readFileSync(new URL(`adapters/${name}/${ending}`, FOLDER)));
    const files = { config: file("adapter_config.json"), model: file("adapter_model.safetensors") };
    return { name, madeBy, baseModel, weights: { id: name, targets, scale: lora.scale }, files };
  });
}

/** An adapter as PEFT would write it, for one module `q` of layer 0 with in 2, out 3, rank 1; with changes. */
export function handmade(
  config: Readonly<Record<string, unknown>> = {},
  tensors: Readonly<Record<string, NamedArray | undefined>> = {},
): PeftFiles {
  const all: Readonly<Record<string, NamedArray | undefined>> = {
    "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": { shape: [1, 2], values: Float32Array.of(1, 2) },
    "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight": {
      shape: [3, 1],
      values: Float32Array.of(1, 0, -1),
    },
    ...tensors,
  };
  const arrays = new Map(Object.entries(all).flatMap(([name, array]) => (array === undefined ? [] : [[name, array]])));
  const text = JSON.stringify({ peft_type: "LORA", r: 1, lora_alpha: 1, target_modules: ["q_proj"], ...config });
  return { config: new TextEncoder().encode(text), model: writeSafetensors(arrays) };
}

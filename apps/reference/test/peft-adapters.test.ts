import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { readPeftAdapter } from "@haps/hypernetwork";
import {
  embedTokens,
  finalNorm,
  type LanguageModel,
  loadLanguageModel,
  logitsOf,
  loraSamplesOf,
  packSequences,
  runLayers,
} from "@haps/language-model";
import type { LoraWeights } from "@haps/spec";
import { tidyValue } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import { afterAll, beforeAll, expect, it } from "vitest";

/** Written by make-peft.py: logits of Hugging Face PEFT in float64. */
interface Golden {
  readonly tokens: readonly number[];
  readonly base: Readonly<Record<string, { readonly logits: readonly number[] }>>;
  readonly cases: readonly {
    readonly name: string;
    readonly model: string;
    readonly madeBy: string;
    readonly logits: readonly number[];
  }[];
}

const FOLDER = fileURLToPath(new URL("../../../packages/language-model/test/fixtures/peft", import.meta.url));
const { tokens, base, cases } = JSON.parse(readFileSync(`${FOLDER}/cases.json`, "utf8")) as Golden;
const TOLERANCE = { rtol: 0, atol: 1e-4 };

function logits(model: LanguageModel, lora?: LoraWeights): Float32Array {
  return tidyValue(() => {
    const { positions, segments } = packSequences([tokens]);
    const rows = loraSamplesOf([lora], model.config).map(({ factors }) => ({
      factors,
      sampleOf: new Int32Array(tokens.length),
    }));
    const states = runLayers(model, embedTokens(model, tokens), { positions, segments, lora: rows });
    return Float32Array.from(logitsOf(model, finalNorm(model, states)).dataSync());
  });
}

describeEachBackend("adapters of PEFT", () => {
  const models = new Map<string, LanguageModel>();
  const modelOf = (name: string): LanguageModel => models.get(name) as LanguageModel;
  beforeAll(async () => {
    for (const name of Object.keys(base)) models.set(name, await loadLanguageModel(`${FOLDER}/${name}`));
  });
  afterAll(() => {
    for (const model of models.values()) model.dispose();
  });

  it.each(Object.entries(base))("leave the logits of %s alone when there is none", (name, expected) => {
    expectClose(logits(modelOf(name)), expected.logits, TOLERANCE);
  });

  it.each(cases)(
    "give PEFT's logits for the adapter $name, made by $madeBy",
    async ({ name, model, logits: expected }) => {
      const weights = await readPeftAdapter(`${FOLDER}/adapters/${name}`, { id: name });
      expectClose(logits(modelOf(model), weights), expected, TOLERANCE);
    },
  );

  it("would not, were the update of a square projection transposed", async () => {
    const weights = await readPeftAdapter(`${FOLDER}/adapters/square-query`, { id: "square-query" });
    const transposed = weights.targets.map(({ target, down, up }) => ({
      target,
      down: down.map((_, index) => up[(index % target.in) * target.rank + Math.floor(index / target.in)] as number),
      up: up.map((_, index) => down[(index % target.rank) * target.in + Math.floor(index / target.rank)] as number),
    }));
    const expected = cases.find(({ name }) => name === "square-query")?.logits ?? [];
    const found = logits(modelOf("qwen2"), { ...weights, targets: transposed });
    const largest = found.reduce(
      (most, value, index) => Math.max(most, Math.abs(value - (expected[index] as number))),
      0,
    );
    expect(largest).toBeGreaterThan(0.1);
  });
});

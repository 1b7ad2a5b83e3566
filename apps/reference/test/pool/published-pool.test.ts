import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { benchmarkHash } from "@haps/benchmarks";
import { createLanguageModel, createLanguageModelTrainer } from "@haps/language-model";
import { createRng, loadBackend } from "@haps/tensor";
import { beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../../src/experiments/find-data.ts";
import { openPool } from "../../src/pool/open-pool.ts";
import { poolRecipe } from "../../src/pool/pool-recipe.ts";
import { poolWords } from "../../src/pool/pool-words.ts";
import { poolModelConfig, poolTrainerConfig } from "../../src/pool/pretrain-model.ts";
import { pretrainingTexts } from "../../src/pool/pretraining-batches.ts";
import { createWordTokenizer } from "../../src/pool/word-tokenizer.ts";

const folder = join(repositoryRoot, "apps/reference/pools/atlas-hop-1");
const models = ["small", "large", "router"];
const words = poolWords("hop");
const read = (id: string, name: string): unknown => JSON.parse(readFileSync(join(folder, id, name), "utf8"));

beforeAll(() => loadBackend(["wasm", "cpu"]));

describe("the published pool of atlas-hop", () => {
  it("has the words of the pool in the order of its token ids", () => {
    const tokenizer = createWordTokenizer(words);
    for (const id of models) {
      const { model } = read(id, "tokenizer.json") as { readonly model: { readonly vocab: Record<string, number> } };
      expect(Object.keys(model.vocab)).toHaveLength(tokenizer.vocabularySize);
      for (const word of ["paris", "search", "yes"]) expect([model.vocab[word]]).toEqual(tokenizer.encode(word));
    }
  });

  it("comes from its recipe, and a short run of the recipe meets the recorded losses", () => {
    const tokenizer = createWordTokenizer(words);
    // One model is enough: all are made by the same steps.
    for (const recipe of poolRecipe(1).candidates.slice(0, 1)) {
      const { id } = recipe;
      const record = read(id, "pretraining.json") as {
        readonly recipe: unknown;
        readonly questionsHash: string;
        readonly firstLosses: readonly number[];
      };
      expect(record.recipe).toEqual(JSON.parse(JSON.stringify(recipe)));
      const { questions, batch } = pretrainingTexts(recipe, tokenizer);
      expect(benchmarkHash(questions)).toBe(record.questionsHash);
      const rng = createRng(recipe.seed);
      const model = createLanguageModel({
        ...poolModelConfig(recipe, words),
        initialDeviation: 0.05,
        rng: rng.fork("weights"),
      });
      const trainer = createLanguageModelTrainer({ model, config: poolTrainerConfig(recipe), batches: batch, rng });
      for (const loss of record.firstLosses.slice(0, 3)) expect(trainer.step().loss).toBeCloseTo(loss, 3);
      model.dispose();
    }
  });

  it("is small, opens, and names its habits on its cards", async () => {
    const bytes = models.reduce(
      (sum, id) =>
        sum + readdirSync(join(folder, id)).reduce((all, name) => all + statSync(join(folder, id, name)).size, 0),
      0,
    );
    expect(bytes).toBeLessThan(2 ** 21);
    for (const id of ["small", "large"]) {
      expect(readFileSync(join(folder, id, "README.md"), "utf8")).toContain("## Constructed habits");
    }
    const pool = await openPool(folder);
    expect(pool.candidates.map(({ id, price }) => [id, price.inputPerMillionTokens])).toEqual([
      ["small", 132_096],
      ["large", 428_800],
    ]);
    await pool.dispose();
  });
});

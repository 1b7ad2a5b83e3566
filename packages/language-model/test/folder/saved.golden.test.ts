import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeEachBackend } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { embedTokens, finalNorm, logitsOf, packSequences, runLayers, saveLanguageModel } from "../../src/index.ts";
import { makeSavedModels } from "./saved-models.ts";

const fixtures = join(import.meta.dirname, "../fixtures/saved");
const golden = JSON.parse(readFileSync(join(fixtures, "logits.json"), "utf8")) as {
  readonly tokens: readonly number[];
  readonly logits: Readonly<Record<string, readonly (readonly number[])[]>>;
};

describeEachBackend("folders that transformers has read", () => {
  let parent: string;

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "saved-"));
  });

  afterEach(() => rm(parent, { recursive: true }));

  it("are what is still written, byte for byte", async () => {
    for (const [name, model] of makeSavedModels()) {
      await saveLanguageModel(model, join(parent, name));
      model.dispose();
      for (const file of await readdir(join(parent, name))) {
        const written = await readFile(join(parent, name, file));
        expect(written.equals(await readFile(join(fixtures, name, file))), `${name}/${file}`).toBe(true);
      }
    }
  });

  it("gave there the logits that are computed here, within 1e-4", () => {
    for (const [name, model] of makeSavedModels()) {
      const logits = tf.tidy(() => {
        const rows = packSequences([golden.tokens]);
        return logitsOf(model, finalNorm(model, runLayers(model, embedTokens(model, rows.tokens), rows))).arraySync();
      });
      model.dispose();
      golden.logits[name]?.forEach((row, position) => {
        row.forEach((value, token) => {
          expect(Math.abs((logits[position]?.[token] ?? Number.NaN) - value)).toBeLessThan(1e-4);
        });
      });
    }
  });
});

import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeEachBackend, expectNoTensorLeak } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  embedTokens,
  finalNorm,
  generateTokens,
  type LanguageModel,
  loadLanguageModel,
  logitsOf,
  packSequences,
  runLayers,
  saveLanguageModel,
} from "../../src/index.ts";

/** What transformers computed, see make-models.py. */
interface GoldenCase {
  readonly tokens: readonly number[];
  readonly logits: readonly (readonly number[])[];
  readonly greedy: readonly number[];
  /** Distance of the best two logits at each step. */
  readonly margins: readonly number[];
}

const fixtures = join(import.meta.dirname, "../fixtures/models");
const golden = JSON.parse(readFileSync(join(fixtures, "golden.json"), "utf8")) as Record<string, GoldenCase[]>;
const NEAR_TIE = 1e-4;

describeEachBackend("models of transformers", () => {
  describe.each(Object.keys(golden))("%s", (name) => {
    const cases = golden[name] as GoldenCase[];
    let model: LanguageModel;
    let parent: string;

    beforeAll(async () => {
      model = await loadLanguageModel(join(fixtures, name));
      parent = await mkdtemp(join(tmpdir(), "golden-"));
    });

    afterAll(async () => {
      model.dispose();
      await rm(parent, { recursive: true });
    });

    it("gives the logits of transformers within 1e-4, all prompts packed together", () => {
      const logits = packedLogits(model, cases);
      cases
        .flatMap((entry) => entry.logits)
        .forEach((expected, row) => {
          expected.forEach((value, column) => {
            expect(Math.abs((logits[row]?.[column] ?? Number.NaN) - value)).toBeLessThan(1e-4);
          });
        });
    });

    it("continues greedily with the same tokens, near ties excused", async () => {
      // Fixtures go on after end tokens; so must we.
      const endless = { ...model, config: { ...model.config, endTokens: [] } };
      const requests = cases.map(({ tokens }) => ({ prompt: tokens, decoding: { maxTokens: 24 }, seed: 1 }));
      const results = await generateTokens(endless, requests);
      results.forEach((result, index) => {
        const { greedy, margins } = cases[index] as GoldenCase;
        const tokens = result.ok ? result.value.tokens : [];
        const tie = margins.findIndex((margin) => margin < NEAR_TIE);
        const compared = tie < 0 ? greedy.length : tie;
        expect(tokens.slice(0, compared)).toEqual(greedy.slice(0, compared));
        expect(compared).toBeGreaterThan(0);
      });
    });

    it("is the same model after saving and loading", async () => {
      const folder = join(parent, name);
      await saveLanguageModel(model, folder, { shardBytes: 20_000 });
      const again = await loadLanguageModel(folder);
      expect(again.config).toEqual(model.config);
      expect(packedLogits(again, cases)).toEqual(packedLogits(model, cases));
      again.dispose();
    });

    it("leaves nothing behind when it is disposed", async () => {
      const before = tf.memory().numTensors;
      const again = await loadLanguageModel(join(fixtures, name));
      expectNoTensorLeak(() => packedLogits(again, cases));
      again.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});

function packedLogits(model: LanguageModel, cases: readonly GoldenCase[]): number[][] {
  return tf.tidy(() => {
    const rows = packSequences(cases.map(({ tokens }) => tokens));
    const hidden = runLayers(model, embedTokens(model, rows.tokens), rows);
    return logitsOf(model, finalNorm(model, hidden)).arraySync();
  });
}

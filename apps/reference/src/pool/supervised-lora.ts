import { type AtlasHopItem, createAtlasHop } from "@haps/benchmarks";
import { lastLayerTargets } from "@haps/hypernetwork";
import { projectionSize, type TextTokenizer } from "@haps/language-model";
import type { GradientItem, LoraWeights } from "@haps/spec";
import { createAdamW, createRng, loraWeightsOf, surrogateLoss, tidyValue, trainStep } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { GOOD_HABITS } from "./hop-habits.ts";
import { createLoraTable } from "./lora-table.ts";
import type { PoolCandidate } from "./open-pool.ts";
import { hopSetting } from "./pool-workflow.ts";
import { scriptHopEpisode } from "./scripted-hop.ts";

/** What {@link trainSupervisedLora} needs. */
export interface SupervisedLoraOptions {
  readonly candidate: PoolCandidate;
  readonly tokenizer: TextTokenizer;
  readonly rank: number;
  /** Class of a question; one class for all is question-blind. */
  readonly classOf: (item: AtlasHopItem) => string;
  readonly steps: number;
  readonly learningRate: number;
  readonly seed: number;
}

/** Weights by class. */
export type LoraByClass = ReadonlyMap<string, LoraWeights>;

/** Questions per update. */
const QUESTIONS = 24;

/**
 * Trains LoRA weights on replies without bad habits, one set for each class: what low-rank updates could repair at best.
 *
 * Questions are those that routers are trained on.
 */
export async function trainSupervisedLora(options: SupervisedLoraOptions): Promise<LoraByClass> {
  const { candidate, tokenizer, rank, classOf, steps, learningRate, seed } = options;
  const { config } = candidate.model;
  const items = createAtlasHop({ test: 0, valid: 0 }).train;
  const classes = [...new Set(items.map(classOf))].sort();
  const rng = createRng(seed);
  const targets = lastLayerTargets({ layers: config.layers, ...projectionSize(config, "o"), rank });
  const table = createLoraTable({ targets, scale: 1 }, classes.length, rng.fork("table"));
  const optimizer = createAdamW(table.variables, { learningRate, beta2: 0.98, weightDecay: 0 });
  const order = rng.fork("order").shuffle(items);
  const oneHot = (names: readonly string[]): tf.Tensor2D =>
    tf.tensor2d(names.map((name) => classes.map((known) => Number(known === name))));
  const weightsOf = (names: readonly string[], label: string): LoraByClass =>
    tidyValue(() => {
      const tensors = table.generate(oneHot(names));
      return new Map(names.map((name, row) => [name, loraWeightsOf(tensors, row, `${label}/${name}`)]));
    });
  try {
    for (let step = 0; step < steps; step += 1) {
      const batch = Array.from(
        { length: QUESTIONS },
        (_, place) => order[(step * QUESTIONS + place) % order.length] as AtlasHopItem,
      );
      const names = [...new Set(batch.map(classOf))];
      const weights = weightsOf(names, `step ${step}`);
      const calls = batch.flatMap((item, place) =>
        scriptHopEpisode(item, GOOD_HABITS, hopSetting(), rng.fork(`script ${step}/${place}`)).map((call) => ({
          ...call,
          name: classOf(item),
        })),
      );
      const asked = calls.map(({ prompt, reply, name }): GradientItem => {
        const tokens = [...tokenizer.encode(reply), ...tokenizer.endTokens];
        const call = { role: "student", candidate: candidate.id, promptTokens: tokenizer.encode(prompt), tokens };
        return { call, lora: weights.get(name) as LoraWeights, weight: -1 / calls.length };
      });
      const { gradients } = await candidate.engine.loraGradient(asked);
      const places = calls.map(({ name }) => names.indexOf(name));
      trainStep(optimizer, () => surrogateLoss(table.generate(oneHot(names)), gradients, places));
    }
    return weightsOf(classes, "supervised");
  } finally {
    table.variables.dispose();
  }
}

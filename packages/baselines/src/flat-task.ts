import type { Rng } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { calibrationSlope } from "./calibration-slope.ts";
import { columnMeans } from "./column-means.ts";
import type { ArmEstimates } from "./estimate-router.ts";
import { expectedRewardLoss } from "./expected-reward-loss.ts";
import type { TrainingCells } from "./training-cells.ts";

/** What one softmax over all arms is trained on: outputs are deviations `[quality of every arm ; cost of every arm]`. */
export interface FlatTask {
  /** `outputs` is `[batch, 2 arms]`; every row gets a cost weight drawn from the list. The caller owns the result. */
  readonly loss: (outputs: tf.Tensor2D, rows: readonly number[], rng: Rng) => tf.Scalar;
  /** Trust in held-out outputs `[rows, 2 arms]`, over all cost weights, 0 to 1. */
  readonly slope: (heldOut: Float32Array) => number;
  /** Quality and cost out of outputs `[questions, 2 arms]`. */
  readonly estimates: (outputs: Float64Array, slope: number) => ArmEstimates;
}

/** Makes the task of some training cells; `costWeights` holds at least one. */
export function createFlatTask(cells: TrainingCells, costWeights: readonly number[], temperature: number): FlatTask {
  const { arms, quality, rows } = cells;
  const meanQuality = columnMeans(quality, arms).means;
  const meanCost = cells.cost === null ? new Float64Array(arms) : columnMeans(cells.cost, arms).means;
  /** Reward of a cell at a cost weight; `NaN` where quality, or at weights above 0 cost, is not recorded. */
  const reward = (cell: number, costWeight: number): number => {
    const value = quality[cell] as number;
    return cells.cost === null || costWeight === 0 ? value : value - costWeight * (cells.cost[cell] as number);
  };
  const prior = (arm: number, costWeight: number): number => {
    const value = meanQuality[arm] as number;
    return costWeight === 0 ? value : value - costWeight * (meanCost[arm] as number);
  };
  return {
    loss: (outputs, chosen, rng) => {
      const weights = chosen.map(() => costWeights[rng.integer(costWeights.length)] as number);
      const rewards = new Float32Array(chosen.length * arms);
      const start = new Float32Array(chosen.length * arms);
      chosen.forEach((row, place) => {
        for (let arm = 0; arm < arms; arm += 1) {
          rewards[place * arms + arm] = reward(row * arms + arm, weights[place] as number);
          const mean = prior(arm, weights[place] as number);
          start[place * arms + arm] = Number.isNaN(mean) ? 0 : mean;
        }
      });
      return tf.tidy(() => {
        const [gain, cost] = tf.split(outputs, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
        const learned = tf.sub(gain, tf.mul(cost, tf.tensor2d(weights, [chosen.length, 1])));
        const scores = tf.add<tf.Tensor2D>(tf.tensor2d(start, [chosen.length, arms]), learned);
        return expectedRewardLoss(scores, rewards, temperature);
      });
    },
    slope: (heldOut) => {
      const size = rows * arms;
      const predicted = new Float64Array(size * costWeights.length);
      const observed = new Float64Array(size * costWeights.length);
      costWeights.forEach((costWeight, place) => {
        for (let cell = 0; cell < size; cell += 1) {
          const arm = cell % arms;
          const output = ((cell - arm) / arms) * 2 * arms + arm;
          predicted[place * size + cell] =
            (heldOut[output] as number) - costWeight * (heldOut[output + arms] as number);
          observed[place * size + cell] = reward(cell, costWeight) - prior(arm, costWeight);
        }
      });
      return calibrationSlope(predicted, observed, arms);
    },
    estimates: (outputs, slope) => {
      const questions = outputs.length / (2 * arms);
      const part = (offset: number, means: Float64Array): Float64Array =>
        Float64Array.from({ length: questions * arms }, (_, cell) => {
          const arm = cell % arms;
          const output = ((cell - arm) / arms) * 2 * arms + offset + arm;
          return (means[arm] as number) + slope * (outputs[output] as number);
        });
      return { quality: part(0, meanQuality), cost: cells.cost === null ? null : part(arms, meanCost) };
    },
  };
}

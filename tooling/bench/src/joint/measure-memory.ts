import * as tf from "@tensorflow/tfjs";
import type { Progress } from "../benchmark.ts";
import type { Measurement } from "../language-model/measurement.ts";
import { median } from "../statistics.ts";
import { type JointParts, openTraining } from "./joint-parts.ts";

/** Epochs that are looked at. */
const EPOCHS = 3;
const EVERY = 10;

/**
 * Tensors and resident memory after each step of joint training with the default options.
 *
 * Looked at from the second epoch on: in the first, retrieval keeps an index of every question's paragraphs.
 */
export async function measureMemory(parts: JointParts, progress: Progress): Promise<Measurement> {
  const training = await openTraining(parts);
  const { trainer } = training;
  const perStep = parts.method.joint?.trainer.questionsPerStep ?? 1;
  const epoch = Math.ceil(parts.setting.benchmark.splits.train.length / perStep);
  const steps = EPOCHS * epoch;
  const tensors: number[] = [];
  const resident: number[] = [];
  try {
    while (trainer.completedSteps < epoch + steps) {
      await trainer.step();
      if (trainer.completedSteps <= epoch) continue;
      tensors.push(tf.memory().numTensors);
      resident.push(process.memoryUsage().rss / 2 ** 20);
      if (tensors.length % EVERY === 0) {
        progress(`step ${tensors.length}/${steps}: ${tensors.at(-1)} tensors, ${resident.at(-1)?.toFixed(0)} MiB`);
      }
    }
  } finally {
    await training.dispose();
  }
  const third = Math.floor(steps / 3);
  const first = median(resident.slice(0, third));
  const last = median(resident.slice(-third));
  return {
    rows: [
      { case: `tensors after a step, fewest of ${steps}`, median: Math.min(...tensors), unit: "tensors" },
      { case: `tensors after a step, most of ${steps}`, median: Math.max(...tensors), unit: "tensors" },
      { case: "resident memory, first third of the steps", median: first, unit: "MiB" },
      { case: "resident memory, last third of the steps", median: last, unit: "MiB" },
    ],
    ratios: { "resident memory, last third / first third": last / first },
  };
}

import type { FitContext } from "@haps/spec";
import {
  clipByGlobalNorm,
  createAdamW,
  lossAndGradients,
  pullToStart,
  type Rng,
  readVariables,
  tidyValue,
  writeVariables,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import type { ArmNetwork } from "./arm-network.ts";

/** When to stop a member before its last step. */
export interface EarlyStopping {
  /** Steps between two looks at the fold that the member does not learn from. */
  readonly every: number;
  /** Looks without improvement before it stops. */
  readonly patience: number;
  /** Sum of errors on some rows, given what the member predicts for them, `[rows, outputs]`. */
  error(outputs: Float32Array, rows: readonly number[]): number;
}

/** How the members of a cross-fitted ensemble are trained. */
export interface MemberTraining {
  /** `[rows, dimension]`. */
  readonly features: Float32Array;
  readonly dimension: number;
  readonly outputs: number;
  /** Inner fold of every row; member m never learns from fold m. */
  readonly foldOf: Int32Array;
  readonly members: number;
  readonly steps: number;
  readonly batchRows: number;
  readonly learningRate: number;
  /** Decoupled, see `createAdamW`. */
  readonly weightDecay: number;
  /** Coupled, towards the start, see `pullToStart`. */
  readonly penalty: number;
  readonly clipNorm: number;
  readonly rng: Rng;
  /** The trainer owns the result. */
  makeNetwork(rng: Rng): ArmNetwork;
  /** Mean loss over the rows of a batch, synchronous and differentiable in `outputs`. */
  lossOf(outputs: tf.Tensor2D, rows: readonly number[], rng: Rng): tf.Scalar;
  readonly earlyStopping?: EarlyStopping;
}

/** What training leaves behind. */
export interface TrainedMembers {
  /** The caller disposes their variables. */
  readonly networks: readonly ArmNetwork[];
  /** `[rows, outputs]`: each row by the member that never saw it. */
  readonly heldOut: Float32Array;
}

/**
 * Trains one network per inner fold, each on all other folds, by AdamW along a cosine.
 *
 * Gives the event loop a turn after every member, so that an abort can arrive. Nothing stays allocated after an error.
 */
export async function trainMembers(
  training: MemberTraining,
  context: Pick<FitContext, "onEvent" | "signal">,
  phase: string,
): Promise<TrainedMembers> {
  const networks: ArmNetwork[] = [];
  const heldOut = new Float32Array(training.foldOf.length * training.outputs);
  try {
    for (let member = 0; member < training.members; member += 1) {
      context.signal?.throwIfAborted();
      const rng = training.rng.fork(`member/${member}`);
      const network = training.makeNetwork(rng.fork("init"));
      networks.push(network);
      const loss = trainMember(training, network, member, rng);
      const rows = rowsWhere(training.foldOf, (fold) => fold === member);
      const outputs = predictRows(training, network, rows);
      rows.forEach((row, place) => {
        const from = place * training.outputs;
        heldOut.set(outputs.subarray(from, from + training.outputs), row * training.outputs);
      });
      context.onEvent?.({ type: "fit-step", phase, step: member + 1, steps: training.members, loss });
      await nextTurn();
    }
    context.signal?.throwIfAborted();
    return { networks, heldOut };
  } catch (error) {
    for (const network of networks) network.variables.dispose();
    throw error;
  }
}

/** Mean of what the members say about feature rows, `[rows, outputs]`; leaves nothing allocated. */
export function predictMean(networks: readonly ArmNetwork[], features: Float32Array, dimension: number): Float64Array {
  return tidyValue(() => {
    const input = tf.tensor2d(features, [features.length / dimension, dimension]);
    const sums = networks.map((network) => network.forward(input).dataSync<"float32">());
    return Float64Array.from(sums[0] as Float32Array, (_, index) => {
      return sums.reduce((sum, values) => sum + (values[index] as number), 0) / sums.length;
    });
  });
}

/** Trains until the last step, or until the held-out error has not fallen for a while; keeps the best weights. */
function trainMember(training: MemberTraining, network: ArmNetwork, member: number, rng: Rng): number {
  const { steps, learningRate, weightDecay, earlyStopping } = training;
  const rows = rowsWhere(training.foldOf, (fold) => fold !== member);
  const heldOut = rowsWhere(training.foldOf, (fold) => fold === member);
  const optimizer = createAdamW(network.variables, {
    learningRate: { kind: "cosine", rate: learningRate, finalRate: 0, warmupSteps: 0, totalSteps: steps },
    beta2: 0.99,
    weightDecay,
  });
  const penalise = pullToStart(network.variables, training.penalty);
  const look = (): number => earlyStopping?.error(predictRows(training, network, heldOut), heldOut) ?? 0;
  let best = { error: look(), arrays: readVariables(network.variables), step: 0 };
  let loss = Number.NaN;
  for (let step = 0; step < steps; step += 1) {
    const draw = rng.fork(`step/${step}`);
    const batch =
      rows.length <= training.batchRows ? rows : draw.fork("rows").shuffle(rows).slice(0, training.batchRows);
    const input = gather(training, batch);
    try {
      const lossNow = (): tf.Scalar => training.lossOf(network.forward(input), batch, draw.fork("loss"));
      const computed = lossAndGradients(network.variables, lossNow, step);
      loss = computed.loss;
      optimizer.apply(clipByGlobalNorm(penalise(computed.gradients), training.clipNorm).gradients);
    } finally {
      input.dispose();
    }
    if (earlyStopping === undefined || (step + 1) % earlyStopping.every !== 0) continue;
    const error = look();
    if (error < best.error) best = { error, arrays: readVariables(network.variables), step: step + 1 };
    else if (step + 1 - best.step >= earlyStopping.every * earlyStopping.patience) break;
  }
  if (earlyStopping !== undefined) writeVariables(network.variables, best.arrays);
  return loss;
}

function predictRows(training: MemberTraining, network: ArmNetwork, rows: readonly number[]): Float32Array {
  return tidyValue(() => network.forward(gather(training, rows)).dataSync<"float32">().slice());
}

/** `[rows, dimension]`; the caller owns it. */
function gather({ features, dimension }: MemberTraining, rows: readonly number[]): tf.Tensor2D {
  const values = new Float32Array(rows.length * dimension);
  rows.forEach((row, place) => {
    values.set(features.subarray(row * dimension, (row + 1) * dimension), place * dimension);
  });
  return tf.tensor2d(values, [rows.length, dimension]);
}

function rowsWhere(foldOf: Int32Array, test: (fold: number) => boolean): number[] {
  return [...foldOf.keys()].filter((row) => test(foldOf[row] as number));
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

import {
  hardBest,
  type ResolvedObjectiveConfig,
  rewardCells,
  softTargets,
  type WarmUpTargets,
  warmUpLoss,
} from "@haps/reward";
import { ConfigError, HapsError, parseConfig, ShapeError } from "@haps/spec";
import type { PromptPolicy, Rng, TokenPrompt } from "@haps/tensor";
import { z } from "zod";
import { drawOrder } from "./draw-order.ts";
import { assertSameStream, type LiveTrainingState } from "./live-training-state.ts";
import { optimizationSchema } from "./optimization-config.ts";
import { PolicyUpdater } from "./policy-updater.ts";

/** A question with what came of its assignments, played by the candidates as they are. */
export interface WarmUpRow {
  readonly prompt: TokenPrompt;
  /** Score of each assignment, `[candidates ** roles]` in the order of `allAssignments`, `NaN` where not run. */
  readonly quality: ArrayLike<number>;
  /** From `normaliseCost`; needed where a cost weight is above 0. */
  readonly normalisedCost?: ArrayLike<number>;
}

/** Schema of {@link WarmUpTrainerConfig}. */
export const warmUpTrainerSchema = optimizationSchema.extend({
  /** Rows per update. Default 64, as released. */
  rowsPerStep: z.int().positive().default(64),
  /** β: one for all rows, or several, of which each row of a batch gets one by chance. Default 0: quality only. */
  costWeights: z.array(z.number().nonnegative()).min(1).default([0]),
});

/** How the high level is warmed up, as a caller writes it; plain JSON. */
export interface WarmUpTrainerConfig extends z.input<typeof warmUpTrainerSchema> {}

/** How the high level is warmed up; every default filled in. */
export interface ResolvedWarmUpTrainerConfig extends z.output<typeof warmUpTrainerSchema> {}

/** What {@link createWarmUp} needs. */
export interface WarmUpOptions {
  /** Borrowed; its variables are trained. Its distribution must list all assignments. */
  readonly policy: PromptPolicy;
  /** At least one. */
  readonly rows: readonly WarmUpRow[];
  /** Its `warmUp` names the targets, `soft` or `hard`; quality weight, shaping and reduction are read too. */
  readonly objective: ResolvedObjectiveConfig;
  readonly config?: WarmUpTrainerConfig;
  /** Where the steps' streams are forked from. */
  readonly rng: Rng;
  /** Names of variables that are not trained. */
  readonly frozen?: RegExp;
}

/** What one step of the warm-up did. */
export interface WarmUpStep {
  /** Steps before this one. */
  readonly step: number;
  /** Cross-entropy in nats, before the update; `null` where no row of the batch teaches anything, and nothing was updated. */
  readonly loss: number | null;
  /** Rows of the batch that teach nothing: nothing was run, or the best is below the minimum of hard targets. */
  readonly dropped: number;
  /** Norm of all gradients before clipping, and of each part's. */
  readonly gradientNorm: number | null;
  readonly gradientNorms: Readonly<Record<string, number>>;
  readonly clipped: boolean;
  readonly learningRate: number;
}

const progressSchema = z.strictObject({
  step: z.int().nonnegative(),
  updates: z.int().nonnegative(),
  position: z.int().nonnegative(),
  key: z.tuple([z.int(), z.int()]).readonly(),
});

/** Where a warm-up stands; plain JSON. */
export interface WarmUpProgress {
  /** Steps done. */
  readonly step: number;
  /** Steps in which a row taught something. */
  readonly updates: number;
  /** Rows drawn. */
  readonly position: number;
  /** Key of the stream that the steps' streams are forked from. */
  readonly key: readonly [number, number];
}

/** Fits the high level to recorded outcomes, step by step. It holds no tensors of its own. */
export interface WarmUp {
  /** Steps done so far. */
  readonly completedSteps: number;
  /** One update; HapsError code `non-finite` naming tensor and step, and then nothing has changed. */
  step(): WarmUpStep;
  /** What to save; HapsError code `non-finite` naming a weight that is not finite. */
  state(): LiveTrainingState<WarmUpProgress>;
  /** Continues from `state`; HapsError code `state` when it is of another policy or seed, and then nothing has changed. */
  restore(state: LiveTrainingState<WarmUpProgress>): void;
}

/**
 * Makes a trainer of the high level alone: cross-entropy of its assignments to targets from outcomes of the base models.
 *
 * Rows come in shuffled epochs. Under `randomOne` ties are drawn anew whenever a row comes.
 *
 * @returns Nothing to dispose; the policy stays the caller's.
 * @throws ConfigError naming every field that is wrong, or a warm-up of kind `none`; ShapeError code `shape` for a row of another length
 *   than there are assignments; HapsError code `data` without rows; code `config` when nothing is left to train.
 *
 * Source: §3.3 of the HAPS paper; `hard` is the authors' supervised fine-tuning with exact probabilities of the legal assignments.
 */
export function createWarmUp(options: WarmUpOptions): WarmUp {
  const { policy, rows, rng, frozen } = options;
  const config = parseConfig("createWarmUp", warmUpTrainerSchema, options.config ?? {});
  checkRows(options, config);
  const updater = new PolicyUpdater({
    operation: "WarmUp",
    policy,
    config,
    ...(frozen === undefined ? {} : { frozen }),
  });
  const { key } = rng.state();
  let progress: WarmUpProgress = { step: 0, updates: 0, position: 0, key };
  return {
    get completedSteps() {
      return progress.step;
    },
    step() {
      const { step, position } = progress;
      const { learningRate } = updater;
      const stream = rng.fork(`step ${step}`);
      const drawn = drawOrder(rng.fork("rows"), rows.length, position, config.rowsPerStep).map(
        (place) => rows[place] as WarmUpRow,
      );
      const costWeights = drawCostWeights(config.costWeights, drawn.length, stream.fork("cost weights"));
      const targets = targetsOf(drawn, costWeights, options.objective, stream.fork("ties"));
      const batch = { prompts: drawn.map(({ prompt }) => prompt), costWeights };
      const loss = () => {
        const assignments = policy.forward(batch).assignments.allLogProbs();
        return warmUpLoss({ assignments, settings: null }, targets, options.objective.reduction);
      };
      const update = targets.dropped === drawn.length ? null : updater.update(loss, step);
      progress = { step: step + 1, updates: updater.updates, position: position + drawn.length, key };
      return {
        step,
        loss: update?.loss ?? null,
        dropped: targets.dropped,
        gradientNorm: update?.gradientNorm ?? null,
        gradientNorms: update?.gradientNorms ?? {},
        clipped: update?.clipped ?? false,
        learningRate,
      };
    },
    state: () => ({ progress, arrays: updater.arrays() }),
    restore(state) {
      const restored = parseConfig("WarmUp.restore", progressSchema, state.progress);
      assertSameStream("WarmUp.restore", restored.key, key);
      updater.restore(restored.updates, state.arrays);
      progress = restored;
    },
  };
}

function drawCostWeights(choices: readonly number[], count: number, rng: Rng): readonly number[] {
  return Array.from({ length: count }, () => choices[rng.integer(choices.length)] as number);
}

function targetsOf(
  rows: readonly WarmUpRow[],
  costWeights: readonly number[],
  objective: ResolvedObjectiveConfig,
  rng: Rng,
): WarmUpTargets {
  const arms = (rows[0] as WarmUpRow).quality.length;
  const quality = Float64Array.from(rows.flatMap((row) => Array.from(row.quality)));
  const costs = rows.flatMap(({ normalisedCost }) =>
    normalisedCost === undefined ? new Array<number>(arms).fill(Number.NaN) : Array.from(normalisedCost),
  );
  const rewards = rewardCells({ quality, normalisedCost: costs, costWeights }, objective);
  const { warmUp } = objective;
  return warmUp.kind === "soft"
    ? softTargets(rewards, arms, warmUp.temperature)
    : hardBest(rewards, arms, { ...hardOnly(warmUp), rng });
}

type HardTargets = Extract<ResolvedObjectiveConfig["warmUp"], { readonly kind: "hard" }>;

function hardOnly(warmUp: ResolvedObjectiveConfig["warmUp"]): HardTargets {
  if (warmUp.kind === "hard") return warmUp;
  const message = `createWarmUp trains nothing of kind "${warmUp.kind}"; expected "soft" or "hard"; leave the warm-up out`;
  throw new ConfigError("createWarmUp", [{ path: "objective.warmUp.kind", message }]);
}

function checkRows({ policy, rows, objective }: WarmUpOptions, config: ResolvedWarmUpTrainerConfig): void {
  if (objective.warmUp.kind !== "soft") hardOnly(objective.warmUp);
  if (rows.length === 0) throw new HapsError("data", "createWarmUp: there are no rows; expected at least one");
  const arms = policy.candidates.length ** policy.roles;
  const weighed = config.costWeights.some((weight) => weight > 0);
  rows.forEach(({ quality, normalisedCost }, row) => {
    if (quality.length !== arms)
      throw new ShapeError("createWarmUp", `quality of row ${row}`, `[${arms}]`, [quality.length]);
    if (normalisedCost === undefined && weighed) {
      throw new HapsError(
        "data",
        `createWarmUp: row ${row} has no costs, and cost weights are [${config.costWeights.join(", ")}]; give costs or weigh them 0`,
        { row, costWeights: config.costWeights },
      );
    }
    if (normalisedCost === undefined || normalisedCost.length === arms) return;
    throw new ShapeError("createWarmUp", `normalisedCost of row ${row}`, `[${arms}]`, [normalisedCost.length]);
  });
}

import {
  armMeans,
  assertObjectiveFits,
  type BaselineState,
  type CostScale,
  initialBaselineState,
  type ResolvedObjectiveConfig,
  type RewardTable,
  rewardTable,
  trustedArmMeans,
} from "@haps/reward";
import { type CandidateId, HapsError, type OutcomeTable, type Pool, type Settings, ShapeError } from "@haps/spec";
import { createRng, type NamedArray, type Policy, type Rng, readVariables, writeVariables } from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { actionLogProbs } from "./action-log-probs.ts";
import { type PolicyPrior, policyPrior } from "./action-prior.ts";
import { type ActionSpace, createActionSpace } from "./action-space.ts";
import type { ResolvedTrainerConfig } from "./config.ts";
import { assignInnerFolds } from "./inner-folds.ts";
import type { Levels } from "./levels.ts";
import { type MemberStep, MemberTraining } from "./member-training.ts";
import { type BatchSource, type FeatureRows, featureTensor } from "./training-batches.ts";

/** What a trainer is made from; the concrete parts of the policy come in through `makePolicy`. */
export interface PolicyTrainerOptions {
  readonly table: OutcomeTable;
  /** In the order of the policy's candidates. */
  readonly pool: Pool;
  /** Of the table's questions, in order. */
  readonly features: FeatureRows;
  /** Makes one member: backbone and heads, started at the prior. The trainer owns the result. */
  readonly makePolicy: (rng: Rng, prior: PolicyPrior) => Policy;
  readonly settingsOf: (candidate: CandidateId) => readonly Settings[] | null;
  readonly levels: Levels;
  readonly objective: ResolvedObjectiveConfig;
  readonly costScale: CostScale | null;
  /** Cost weights that training samples from and calibration looks at; ascending, >= 0. */
  readonly costWeights: readonly number[];
  readonly config: ResolvedTrainerConfig;
  readonly seed: number;
}

/** What one step did. */
export interface TrainerStep extends MemberStep {
  readonly member: number;
}

/** Everything that a resumed trainer needs beside its options; the state is plain JSON. */
export interface TrainerSnapshot {
  readonly state: { readonly member: number; readonly step: number; readonly baseline: BaselineState };
  readonly arrays: ReadonlyMap<string, NamedArray>;
}

/** What training leaves behind; the caller owns the policies' variables. */
export interface TrainedMembers {
  readonly policies: readonly Policy[];
  readonly actions: ActionSpace;
  readonly rewards: RewardTable;
  /** Inner fold of every row = the member that never saw it. */
  readonly foldOf: Int32Array;
  /** Held-out log-probabilities, one `[rows, actions]` block per cost weight, each row by the member that never saw it. */
  readonly heldOut: readonly Float32Array[];
}

/**
 * Trains the members of a cross-fitted ensemble, one update at a time.
 *
 * Member m learns from all inner folds but m, so that its log-probabilities for fold m are honest: they decide how far the
 * router trusts itself. Every draw is forked by member and step, so a snapshot needs no generator state.
 */
export class PolicyTrainer {
  readonly totalSteps: number;
  readonly actions: ActionSpace;
  readonly rewards: RewardTable;
  readonly #options: PolicyTrainerOptions;
  readonly #source: BatchSource;
  readonly #rng: Rng;
  readonly #foldOf: Int32Array;
  readonly #policies: Policy[] = [];
  readonly #heldOut: Float32Array[];
  /** Of the current member, once it has begun. */
  #training: MemberTraining | undefined;
  #member = 0;
  #over: "finish" | "dispose" | undefined;

  constructor(options: PolicyTrainerOptions) {
    const { table, config, costWeights, levels, objective, features } = options;
    assertObjectiveFits(objective, table);
    assertFeaturesFit(features, table.rows.length);
    this.#options = options;
    this.#rng = createRng(options.seed);
    this.rewards = rewardTable(table, options.costScale);
    this.actions = createActionSpace({
      ...options,
      task: table.task,
      arms: table.arms,
      levels,
      means: trustedArmMeans(this.rewards),
    });
    const { propensity } = table;
    this.#source = {
      features,
      rewards: this.rewards,
      actions: this.actions,
      objective,
      ...(propensity === undefined ? {} : { propensity }),
    };
    const groups = table.rows.map((row) => row.group);
    const folds = Math.min(config.members, new Set(groups).size);
    this.#foldOf = assignInnerFolds(groups, folds, this.#rng.fork("inner-folds"));
    this.totalSteps = folds * config.steps;
    this.#heldOut = costWeights.map(() => new Float32Array(table.rows.length * this.actions.size));
  }

  /** Updates done so far. */
  get completedSteps(): number {
    return this.#member * this.#options.config.steps + this.#step;
  }

  get done(): boolean {
    return this.completedSteps >= this.totalSteps;
  }

  /**
   * One update of the current member.
   *
   * @throws HapsError code `state` when training is done, `disposed` after `dispose`, `non-finite` with the step when a
   * loss or a gradient explodes; the trainer then still stands before that step.
   */
  step(): TrainerStep {
    this.#assertOwned("step");
    if (this.done) throw new HapsError("state", "PolicyTrainer.step: training is done; call finish()");
    const member = this.#member;
    this.#training ??= this.#startMember();
    const done = this.#training.step(this.completedSteps);
    if (this.#training.completedSteps === this.#options.config.steps) this.#finishMember();
    return { member, ...done };
  }

  /** A copy of all that changes while training. */
  snapshot(): TrainerSnapshot {
    this.#assertOwned("snapshot");
    const arrays = new Map<string, NamedArray>();
    const begun = this.#step > 0 ? this.#member + 1 : this.#member;
    this.#policies.slice(0, begun).forEach((policy, member) => {
      for (const [name, array] of readVariables(policy.variables)) arrays.set(`member/${member}/${name}`, array);
    });
    const { baseline, slots } =
      this.#step > 0 && this.#training !== undefined
        ? this.#training.state()
        : { baseline: initialBaselineState, slots: new Map<string, NamedArray>() };
    for (const [name, array] of slots) arrays.set(`optimizer/${name}`, array);
    const size = [this.rewards.rows, this.actions.size];
    this.#heldOut.forEach((values, place) => {
      arrays.set(`held-out/${place}`, { shape: size, values: values.slice() });
    });
    return { state: { member: this.#member, step: this.#step, baseline }, arrays };
  }

  /**
   * Continues from a snapshot of a trainer with the same options.
   *
   * @throws HapsError code `state` or `shape` when it does not fit; the trainer then stands at its beginning.
   */
  restore(snapshot: TrainerSnapshot): void {
    this.#assertOwned("restore");
    try {
      this.#clear();
      this.#continueFrom(snapshot);
    } catch (error) {
      this.#clear();
      throw error;
    }
  }

  /** The trained members; the caller owns their variables from now on. Code `state` before training is done, or twice. */
  finish(): TrainedMembers {
    this.#assertOwned("finish");
    if (!this.done) {
      throw new HapsError(
        "state",
        `PolicyTrainer.finish: ${this.completedSteps} of ${this.totalSteps} steps are done; go on with step()`,
        { completed: this.completedSteps, total: this.totalSteps },
      );
    }
    this.#over = "finish";
    const policies = this.#policies.splice(0);
    return { policies, actions: this.actions, rewards: this.rewards, foldOf: this.#foldOf, heldOut: this.#heldOut };
  }

  /** Frees the members that `finish` has not handed over; may be called twice. */
  dispose(): void {
    this.#free();
    this.#over ??= "dispose";
  }

  /** Updates of the current member. */
  get #step(): number {
    return this.#training?.completedSteps ?? 0;
  }

  #assertOwned(operation: string): void {
    if (this.#over === undefined) return;
    throw new HapsError(
      this.#over === "dispose" ? "disposed" : "state",
      `PolicyTrainer.${operation}: ${this.#over}() was called before; start a new training`,
    );
  }

  #free(): void {
    for (const policy of this.#policies.splice(0)) policy.variables.dispose();
  }

  #clear(): void {
    this.#free();
    this.#training = undefined;
    this.#member = 0;
  }

  #continueFrom({ state, arrays }: TrainerSnapshot): void {
    const { member, step, baseline } = state;
    assertHeldOutFits(arrays, this.#heldOut);
    for (const begun = step > 0 ? member + 1 : member; this.#member < begun; this.#member += 1) {
      this.#training = this.#startMember();
      const policy = this.#policies[this.#member] as Policy;
      writeVariables(policy.variables, section(arrays, `member/${this.#member}/`));
    }
    this.#member = member;
    if (step > 0) this.#training?.restore(step, { baseline, slots: section(arrays, "optimizer/") });
    else this.#training = undefined;
    this.#heldOut.forEach((values, place) => {
      values.set((arrays.get(`held-out/${place}`) as NamedArray).values);
    });
  }

  #rowsWhere(test: (fold: number) => boolean): readonly number[] {
    return [...this.#foldOf.keys()].filter((row) => test(this.#foldOf[row] as number));
  }

  #startMember(): MemberTraining {
    const { config, makePolicy, costWeights } = this.#options;
    const member = this.#member;
    const rows = this.#rowsWhere((fold) => fold !== member);
    const means = armMeans(this.rewards, rows);
    const behind = this.actions.armsAt(costWeights[0] as number);
    const prior = policyPrior(this.actions.index, {
      quality: Float64Array.from(behind, (arm) => means.quality[arm] as number),
      cost: Float64Array.from(behind, (arm) => means.cost[arm] as number),
    });
    const policy = makePolicy(this.#rng.fork(`member/${member}/init`), prior);
    this.#policies.push(policy);
    const stepRng = (step: number): Rng => this.#rng.fork(`member/${member}/step/${step}`);
    return new MemberTraining({ policy, source: this.#source, rows, costWeights, config, stepRng });
  }

  /** Keeps the member's log-probabilities for the fold it never saw, and moves on. */
  #finishMember(): void {
    const policy = this.#policies[this.#member] as Policy;
    const rows = this.#rowsWhere((fold) => fold === this.#member);
    const { features, costWeights } = this.#options;
    const { size } = this.actions;
    costWeights.forEach((weight, place) => {
      const logProbs = actionLogProbs([policy], this.actions.index, () => ({
        features: featureTensor(features, rows),
        costWeights: tf.fill<tf.Rank.R1>([rows.length], weight),
      }));
      rows.forEach((row, position) => {
        this.#heldOut[place]?.set(logProbs.subarray(position * size, (position + 1) * size), row * size);
      });
    });
    this.#member += 1;
    this.#training = undefined;
  }
}

function section(arrays: ReadonlyMap<string, NamedArray>, prefix: string): ReadonlyMap<string, NamedArray> {
  return new Map(
    [...arrays].filter(([name]) => name.startsWith(prefix)).map(([name, array]) => [name.slice(prefix.length), array]),
  );
}

function assertFeaturesFit({ values, dimension }: FeatureRows, rows: number): void {
  if (values.length === rows * dimension) return;
  throw new ShapeError("PolicyTrainer", "features", `[${rows}, ${dimension}]`, [values.length]);
}

function assertHeldOutFits(arrays: ReadonlyMap<string, NamedArray>, heldOut: readonly Float32Array[]): void {
  heldOut.forEach(({ length }, place) => {
    const got = arrays.get(`held-out/${place}`)?.values.length ?? 0;
    if (got === length) return;
    throw new HapsError(
      "state",
      `PolicyTrainer.restore: held-out/${place} has ${got} values; expected ${length}; restore with the same options`,
      { place, got, expected: length },
    );
  });
}

import {
  assertObjectiveFits,
  type BaselineState,
  type CostScale,
  initialBaselineState,
  type ResolvedObjectiveConfig,
} from "@haps/reward";
import { type CandidateId, HapsError, type OutcomeTable, type Settings } from "@haps/spec";
import {
  clipByGlobalNorm,
  createAdamW,
  createRng,
  type GradientPenalty,
  lossAndGradients,
  type NamedArray,
  type Optimizer,
  type Policy,
  pullToStart,
  type Rng,
  readVariables,
  writeVariables,
} from "@haps/tensor";
import * as tf from "@tensorflow/tfjs";
import { actionLogProbs } from "./action-log-probs.ts";
import { type PolicyPrior, policyPrior } from "./action-prior.ts";
import { type ActionSpace, armMeans, createActionSpace } from "./action-space.ts";
import type { ResolvedTrainerConfig } from "./config.ts";
import { assignInnerFolds } from "./inner-folds.ts";
import type { Levels } from "./levels.ts";
import { PRIOR_VARIABLES } from "./policy.ts";
import { prepareJoint, prepareWarmUp } from "./policy-loss.ts";
import { type RewardTable, rewardTable } from "./reward-table.ts";
import { type BatchSource, type FeatureRows, featureTensor, makeBatch } from "./training-batches.ts";

/** What a trainer is made from; the concrete parts of the policy come in through `makePolicy`. */
export interface PolicyTrainerOptions {
  readonly table: OutcomeTable;
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
export interface TrainerStep {
  readonly member: number;
  readonly step: number;
  readonly phase: "warm-up" | "joint";
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
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
  #optimizer: Optimizer | undefined;
  #penalty: GradientPenalty | undefined;
  #member = 0;
  #step = 0;
  #baseline: BaselineState = initialBaselineState;

  constructor(options: PolicyTrainerOptions) {
    const { table, config, costWeights, levels, objective, features } = options;
    assertObjectiveFits(objective, table);
    if (costWeights.length === 0) {
      throw new HapsError(
        "config",
        "PolicyTrainer: costWeights is empty; expected at least one; pass [0] for quality only",
      );
    }
    this.#options = options;
    this.#rng = createRng(options.seed);
    this.rewards = rewardTable(table, options.costScale);
    this.actions = createActionSpace({
      ...options,
      task: table.task,
      pool: table.pool,
      arms: table.arms,
      levels,
      means: armMeans(this.rewards),
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
    if (folds < 2) {
      throw new HapsError(
        "data",
        `PolicyTrainer: table ${table.id} has ${folds} distinct texts; expected at least 2; add questions`,
        { table: table.id, texts: folds },
      );
    }
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

  /** One update of the current member. Code `state` when training is done, `non-finite` when the loss explodes. */
  step(): TrainerStep {
    if (this.done) throw new HapsError("state", "PolicyTrainer.step: training is done; call finish()");
    const { config, objective } = this.#options;
    const member = this.#member;
    const step = this.#step;
    const optimizer = this.#optimizer ?? this.#startMember();
    const policy = this.#policies[member] as Policy;
    const rng = this.#rng.fork(`member/${member}/step/${step}`);
    const phase = step < Math.round(config.warmUpShare * config.steps) ? "warm-up" : "joint";
    const rows = this.#batchRows(rng.fork("rows"));
    const batch = makeBatch(this.#source, rows, this.#drawCostWeights(rng.fork("cost-weights"), rows.length));
    const context = {
      policy,
      index: this.actions.index,
      objective,
      baseline: this.#baseline,
      rng: rng.fork("actions"),
    };
    const learningRate = optimizer.learningRate;
    try {
      const { loss, baseline } = phase === "warm-up" ? prepareWarmUp(context, batch) : prepareJoint(context, batch);
      const computed = lossAndGradients(policy.variables, loss, this.completedSteps);
      const penalised = (this.#penalty as GradientPenalty)(computed.gradients);
      const { norm, gradients } = clipByGlobalNorm(penalised, config.clipNorm);
      optimizer.apply(gradients);
      this.#baseline = baseline;
      this.#step += 1;
      if (this.#step === config.steps) this.#finishMember(policy);
      return { member, step, phase, loss: computed.loss, gradientNorm: norm, learningRate };
    } finally {
      tf.dispose([batch.features, batch.costWeights]);
    }
  }

  /** A copy of all that changes while training. */
  snapshot(): TrainerSnapshot {
    const arrays = new Map<string, NamedArray>();
    this.#policies.forEach((policy, member) => {
      for (const [name, array] of readVariables(policy.variables)) arrays.set(`member/${member}/${name}`, array);
    });
    if (this.#optimizer !== undefined) {
      for (const [slot, values] of this.#optimizer.state().slots) {
        arrays.set(`optimizer/${slot}`, { shape: [values.length], values });
      }
    }
    const size = [this.rewards.rows, this.actions.size];
    this.#heldOut.forEach((values, place) => {
      arrays.set(`held-out/${place}`, { shape: size, values: values.slice() });
    });
    return { state: { member: this.#member, step: this.#step, baseline: this.#baseline }, arrays };
  }

  /** Continues from a snapshot of a trainer with the same options. Code `state` when it does not fit. */
  restore(snapshot: TrainerSnapshot): void {
    const { member, step, baseline } = snapshot.state;
    const begun = step > 0 ? member + 1 : member;
    this.dispose();
    for (this.#member = 0; this.#member < begun; this.#member += 1) {
      const optimizer = this.#startMember();
      const policy = this.#policies[this.#member] as Policy;
      writeVariables(policy.variables, section(snapshot.arrays, `member/${this.#member}/`));
      if (this.#member < member) continue;
      const slots = [...section(snapshot.arrays, "optimizer/")].map(([name, { values }]) => [name, values] as const);
      optimizer.restore({ step, slots: new Map(slots) });
    }
    if (step === 0) this.#optimizer = undefined;
    this.#member = member;
    this.#step = step;
    this.#baseline = baseline;
    this.#heldOut.forEach((values, place) => {
      const saved = snapshot.arrays.get(`held-out/${place}`);
      if (saved?.values.length !== values.length) {
        throw new HapsError(
          "state",
          `PolicyTrainer.restore: held-out/${place} has ${saved?.values.length ?? 0} values; expected ${values.length}; restore with the same options`,
          { place },
        );
      }
      values.set(saved.values);
    });
  }

  /** The trained members; the caller owns their variables from now on. Code `state` before training is done. */
  finish(): TrainedMembers {
    if (!this.done) {
      throw new HapsError(
        "state",
        `PolicyTrainer.finish: ${this.completedSteps} of ${this.totalSteps} steps are done; go on with step()`,
        { completed: this.completedSteps, total: this.totalSteps },
      );
    }
    const policies = this.#policies.splice(0);
    return { policies, actions: this.actions, rewards: this.rewards, foldOf: this.#foldOf, heldOut: this.#heldOut };
  }

  /** Frees the members that `finish` has not handed over. */
  dispose(): void {
    for (const policy of this.#policies) policy.variables.dispose();
    this.#policies.length = 0;
    this.#optimizer = undefined;
  }

  #trainingRows(): readonly number[] {
    return [...this.#foldOf.keys()].filter((row) => this.#foldOf[row] !== this.#member);
  }

  #batchRows(rng: Rng): readonly number[] {
    const all = this.#trainingRows();
    const { batchRows } = this.#options.config;
    return all.length <= batchRows ? all : rng.shuffle(all).slice(0, batchRows);
  }

  #drawCostWeights(rng: Rng, count: number): Float32Array {
    const { costWeights } = this.#options;
    return Float32Array.from({ length: count }, () => costWeights[rng.integer(costWeights.length)] as number);
  }

  #startMember(): Optimizer {
    const { config, makePolicy, costWeights } = this.#options;
    const means = armMeans(this.rewards, this.#trainingRows());
    const behind = this.actions.armsAt(costWeights[0] as number);
    const actionMeans = {
      quality: Float64Array.from(behind, (arm) => means.quality[arm] ?? Number.NaN),
      cost: Float64Array.from(behind, (arm) => means.cost[arm] ?? Number.NaN),
    };
    const rng = this.#rng.fork(`member/${this.#member}/init`);
    const policy = makePolicy(rng, policyPrior(this.actions.index, actionMeans));
    this.#policies.push(policy);
    this.#optimizer = createAdamW(policy.variables, {
      learningRate: {
        kind: "cosine",
        rate: config.learningRate,
        finalRate: 0,
        warmupSteps: 0,
        totalSteps: config.steps,
      },
      beta2: 0.99,
      weightDecay: 0,
      groups: [{ pattern: PRIOR_VARIABLES.source, learningRateFactor: 0 }],
    });
    this.#penalty = pullToStart(policy.variables, config.penalty);
    this.#baseline = initialBaselineState;
    return this.#optimizer;
  }

  /** Keeps the member's log-probabilities for the fold it never saw, and moves on. */
  #finishMember(policy: Policy): void {
    const rows = [...this.#foldOf.keys()].filter((row) => this.#foldOf[row] === this.#member);
    const { features, costWeights } = this.#options;
    costWeights.forEach((weight, place) => {
      const logProbs = actionLogProbs([policy], this.actions.index, () => ({
        features: featureTensor(features, rows),
        costWeights: tf.fill([rows.length], weight) as tf.Tensor1D,
      }));
      rows.forEach((row, position) => {
        const from = position * this.actions.size;
        this.#heldOut[place]?.set(logProbs.subarray(from, from + this.actions.size), row * this.actions.size);
      });
    });
    this.#member += 1;
    this.#step = 0;
    this.#optimizer = undefined;
    this.#penalty = undefined;
  }
}

function section(arrays: ReadonlyMap<string, NamedArray>, prefix: string): ReadonlyMap<string, NamedArray> {
  return new Map(
    [...arrays].filter(([name]) => name.startsWith(prefix)).map(([name, array]) => [name.slice(prefix.length), array]),
  );
}

import type { CostScale } from "@haps/reward";
import type { Arm, Featurizer, Pool, Settings, Task } from "@haps/spec";
import { createRng, type NamedArray, type Policy, readVariables, writeVariables } from "@haps/tensor";
import { policyPrior } from "./action-prior.ts";
import { type ActionSpace, type ArmMeans, createActionSpace } from "./action-space.ts";
import type { Calibration } from "./calibration.ts";
import type { ResolvedHapsConfig } from "./config.ts";
import { createMember, type HapsParts } from "./haps-parts.ts";

/** Everything about a trained HAPS that is not an array; plain JSON. */
export interface HapsModelConfig {
  readonly kind: "haps";
  readonly formatVersion: 1;
  readonly task: Task;
  readonly pool: Pool;
  readonly arms: readonly Arm[];
  readonly config: ResolvedHapsConfig;
  readonly costScale: CostScale | null;
  readonly costUnit: string | null;
  /** Mean quality and normalised cost of every arm on train; `null` where never run. */
  readonly means: { readonly quality: readonly (number | null)[]; readonly cost: readonly (number | null)[] };
  readonly calibration: Calibration;
  readonly members: number;
  readonly featureDimension: number;
  readonly seed: number;
  readonly trainingRows: number;
  readonly dataHash: string;
}

/** A trained HAPS, ready to route. */
export interface HapsModel {
  readonly config: HapsModelConfig;
  readonly featurizer: Featurizer;
  /** The ensemble; whoever holds the model owns their variables. */
  readonly policies: readonly Policy[];
  readonly actions: ActionSpace;
}

/** The action space of a model, rebuilt from its plain data. */
export function modelActions(config: HapsModelConfig, parts: Pick<HapsParts, "settingsOf">): ActionSpace {
  const { task, pool, arms } = config;
  const candidates = new Map(pool.candidates.map((candidate) => [candidate.id, candidate]));
  return createActionSpace({
    task,
    pool,
    arms,
    levels: config.config.levels,
    means: restoredMeans(config),
    settingsOf: (id): readonly Settings[] | null => {
      const candidate = candidates.get(id);
      return candidate === undefined ? null : parts.settingsOf(candidate);
    },
  });
}

/** Mean outcomes of the arms on train, `NaN` where never run. */
export function restoredMeans({ means }: HapsModelConfig): ArmMeans {
  const filled = (values: readonly (number | null)[]): Float64Array =>
    Float64Array.from(values, (value) => value ?? Number.NaN);
  return { quality: filled(means.quality), cost: filled(means.cost) };
}

/** All trained values of a model by name, `member/<number>/<variable>`. */
export function modelArrays(model: HapsModel): ReadonlyMap<string, NamedArray> {
  const arrays = new Map<string, NamedArray>();
  model.policies.forEach((policy, member) => {
    for (const [name, array] of readVariables(policy.variables)) arrays.set(`member/${member}/${name}`, array);
  });
  return arrays;
}

/**
 * Makes a model from what was saved; it decides as the one that was saved.
 *
 * @throws HapsError code `state` or `shape` when the arrays are not those of this configuration and these parts.
 */
export function restoreHapsModel(
  config: HapsModelConfig,
  arrays: ReadonlyMap<string, NamedArray>,
  featurizer: Featurizer,
  parts: HapsParts,
): HapsModel {
  const actions = modelActions(config, parts);
  const nothing = new Float64Array(actions.size);
  const policies = Array.from({ length: config.members }, (_, member) => {
    const policy = createMember({
      parts,
      pool: config.pool,
      roles: config.task.roles.length,
      featureDimension: config.featureDimension,
      config: config.config,
      rng: createRng(config.seed).fork(`member/${member}/init`),
      prior: policyPrior(actions.index, { quality: nothing, cost: nothing }),
    });
    const prefix = `member/${member}/`;
    const own = [...arrays].filter(([name]) => name.startsWith(prefix));
    writeVariables(policy.variables, new Map(own.map(([name, array]) => [name.slice(prefix.length), array])));
    return policy;
  });
  return { config, featurizer, policies, actions };
}

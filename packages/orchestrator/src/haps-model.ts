import type { ArmMeans, CostScale } from "@haps/reward";
import type { Arm, Featurizer, Pool, Settings, Task } from "@haps/spec";
import {
  createRng,
  joinVariables,
  type NamedArray,
  type NamedVariables,
  type Policy,
  readVariables,
  writeVariables,
} from "@haps/tensor";
import { policyPrior } from "./action-prior.ts";
import { type ActionSpace, createActionSpace } from "./action-space.ts";
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
export function modelArrays({ policies }: HapsModel): ReadonlyMap<string, NamedArray> {
  return readVariables(ofMembers(policies));
}

/**
 * Makes a model from what was saved; it decides as the one that was saved.
 *
 * @param arrays - Borrowed; from {@link modelArrays}.
 * @returns The caller owns its policies.
 * @throws HapsError code `state` naming arrays that are missing or not known, code `shape` for those of another shape.
 */
export function restoreHapsModel(
  config: HapsModelConfig,
  arrays: ReadonlyMap<string, NamedArray>,
  featurizer: Featurizer,
  parts: HapsParts,
): HapsModel {
  const actions = modelActions(config, parts);
  const unmeasured = new Float64Array(actions.size);
  const prior = policyPrior(actions.index, { quality: unmeasured, cost: unmeasured });
  const policies: Policy[] = [];
  try {
    for (let member = 0; member < config.members; member += 1) {
      policies.push(
        createMember({
          parts,
          pool: config.pool,
          roles: config.task.roles.length,
          featureDimension: config.featureDimension,
          config: config.config,
          rng: createRng(config.seed).fork(`member/${member}/init`),
          prior,
        }),
      );
    }
    writeVariables(ofMembers(policies), arrays);
    return { config, featurizer, policies, actions };
  } catch (error) {
    for (const policy of policies) policy.variables.dispose();
    throw error;
  }
}

function ofMembers(policies: readonly Policy[]): NamedVariables {
  return joinVariables(Object.fromEntries(policies.map(({ variables }, member) => [`member/${member}`, variables])));
}

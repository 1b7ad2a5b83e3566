import {
  createFlatRouterFactory,
  createKnnRouterFactory,
  createMlpRouterFactory,
  createRidgeRouterFactory,
  createTaskTableRouterFactory,
} from "@haps/baselines";
import { REFERENCE_METHODS } from "@haps/evaluation";
import { createNgramBackbone } from "@haps/features";
import { closestName, type RouterFactory } from "@haps/spec";
import { createHapsFactory, sharedFeaturizer } from "./haps/create-haps.ts";
import { UsageError } from "./usage-error.ts";

/** One method that can be evaluated by name. */
export interface Method {
  readonly id: string;
  /** What it does, in a few words. */
  readonly description: string;
  /** HAPS, a HAPS with a part left out, a rival, or a control that reads privileged labels. */
  readonly role: "haps" | "ablation" | "rival" | "control";
  readonly create: () => RouterFactory;
}

const haps: readonly Method[] = [
  {
    id: "haps",
    description: "both levels routed, jointly trained",
    role: "haps",
    create: () => createHapsFactory(),
  },
  {
    id: "haps-operating-point",
    description: "HAPS with its cost weight chosen inside the training fold",
    role: "haps",
    create: () => createHapsFactory({ id: "haps-operating-point", operatingPoint: true }),
  },
];

function ablation(id: string, config: Parameters<typeof createHapsFactory>[0]): () => RouterFactory {
  return () => createHapsFactory({ id, ...config });
}

const ablations: readonly Method[] = [
  {
    id: "haps-no-low-level",
    description: "no low level: each candidate with its best settings on train",
    role: "ablation",
    create: ablation("haps-no-low-level", { config: { levels: { high: "routed", low: "fixed" } } }),
  },
  {
    id: "haps-random-high-level",
    description: "high level random: a uniform candidate per question, settings routed",
    role: "ablation",
    create: ablation("haps-random-high-level", { config: { levels: { high: "random", low: "routed" } } }),
  },
  {
    id: "haps-fixed-high-level",
    description: "high level fixed to the candidate of the best arm on train, settings routed",
    role: "ablation",
    create: ablation("haps-fixed-high-level", { config: { levels: { high: "fixed", low: "routed" } } }),
  },
  {
    id: "haps-no-sharing",
    description: "no sharing: each level and candidate with an encoder of its own",
    role: "ablation",
    create: ablation("haps-no-sharing", { config: { shareParameters: false } }),
  },
];

const features = { features: sharedFeaturizer };

const rivals: readonly Method[] = [
  {
    id: "task-table",
    description: "the best arm on train per task label, which a router cannot know",
    role: "control",
    create: () => createTaskTableRouterFactory(),
  },
  {
    id: "flat",
    description: "one softmax over all arms on the encoder of HAPS: the control for hierarchy",
    role: "rival",
    create: () => createFlatRouterFactory({ ...features, backbone: (size, rng) => createNgramBackbone(size, rng) }),
  },
  {
    id: "knn",
    description: "mean outcomes of the nearest training questions",
    role: "rival",
    create: () => createKnnRouterFactory(features),
  },
  {
    id: "ridge",
    description: "one ridge regression per arm",
    role: "rival",
    create: () => createRidgeRouterFactory(features),
  },
  {
    id: "mlp",
    description: "one network that estimates the outcomes of all arms",
    role: "rival",
    create: () => createMlpRouterFactory(features),
  },
];

/** Every method that `haps evaluate` knows, in the order of its tables. */
export const methods: readonly Method[] = [...haps, ...rivals, ...ablations];

/**
 * The factory of a method.
 *
 * @throws UsageError for an unknown name, with the nearest known one.
 */
export function createMethod(id: string): RouterFactory {
  return findMethod(id).create();
}

/** The method of that name. @throws UsageError as {@link createMethod}. */
export function findMethod(id: string): Method {
  const found = methods.find((method) => method.id === id);
  if (found !== undefined) return found;
  const known = methods.map((method) => method.id);
  const near = closestName(id, known);
  const advice = near === undefined ? `known: ${known.join(", ")}` : `did you mean "${near}"?`;
  throw new UsageError(`unknown method ${JSON.stringify(id)}; ${advice}`);
}

/** True for methods that every evaluation computes without being asked. */
export function isReferenceMethod(id: string): boolean {
  return REFERENCE_METHODS.some((name) => name === id);
}

/** Methods evaluated where none are named. */
export function defaultMethods(options: {
  readonly operatingPoint: boolean;
  readonly ablations: boolean;
  /** Whether the table has labels for controls to read. */
  readonly labelled: boolean;
}): string[] {
  return methods
    .filter((method) => method.role !== "control" || options.labelled)
    .filter((method) => method.id !== "haps-operating-point" || options.operatingPoint)
    .filter((method) => method.role !== "ablation" || options.ablations)
    .map((method) => method.id);
}

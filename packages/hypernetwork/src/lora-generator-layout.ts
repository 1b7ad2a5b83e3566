import { ConfigError, type ConfigIssue, type LoraTarget, parseConfig } from "@haps/spec";
import { loraTargetName } from "@haps/tensor";
import {
  type LoraGeneratorConfig,
  loraGeneratorSchema,
  type ResolvedLoraGeneratorConfig,
} from "./lora-generator-config.ts";

/** An affine map of the generator: the prefix of its variables and its sizes. */
export interface AffineLayout {
  readonly prefix: string;
  readonly in: number;
  readonly out: number;
}

/** Both factors of one update, or of all where they share. */
export interface HeadLayout {
  readonly up: AffineLayout;
  readonly down: AffineLayout;
}

/** Every affine map of a generator. */
export interface LoraGeneratorLayout {
  readonly config: ResolvedLoraGeneratorConfig;
  readonly trunk: readonly AffineLayout[];
  /** One for all targets, or one per target in their order. */
  readonly heads: readonly HeadLayout[];
}

/** Checks a configuration and lists what it consists of; ConfigError names every field that is wrong. */
export function loraGeneratorLayout(operation: string, input: LoraGeneratorConfig): LoraGeneratorLayout {
  const config = parseConfig(operation, loraGeneratorSchema, input);
  const { space, trunkLayers, trunkWidth, hiddenDimension, sharing } = config;
  const issues = [...repeatedTargets(space.targets), ...(sharing === "perTarget" ? [] : unlikeTargets(space.targets))];
  if (issues.length > 0) throw new ConfigError(operation, issues);
  const trunk = Array.from({ length: trunkLayers }, (_, layer) => ({
    prefix: `trunk/${layer}`,
    in: layer === 0 ? hiddenDimension : trunkWidth,
    out: trunkWidth,
  }));
  const head = (prefix: string, target: LoraTarget): HeadLayout => ({
    up: { prefix: `${prefix}/up`, in: trunkWidth, out: target.out * target.rank },
    down: { prefix: `${prefix}/down`, in: trunkWidth, out: target.rank * target.in },
  });
  const heads =
    sharing === "perTarget"
      ? space.targets.map((target) => head(`heads/${target.layer}/${target.projection}`, target))
      : space.targets.slice(0, 1).map((target) => head("heads", target));
  return { config, trunk, heads };
}

function repeatedTargets(targets: readonly LoraTarget[]): ConfigIssue[] {
  const seen = new Set<string>();
  return targets.flatMap((target, index) => {
    const name = loraTargetName(target);
    if (seen.has(name)) return [{ path: `space.targets.${index}`, message: `${name} is given twice; keep one` }];
    seen.add(name);
    return [];
  });
}

function unlikeTargets(targets: readonly LoraTarget[]): ConfigIssue[] {
  const shape = (target: LoraTarget): string => `in ${target.in}, out ${target.out}, rank ${target.rank}`;
  const first = targets[0] as LoraTarget;
  return targets.flatMap((target, index) => {
    if (shape(target) === shape(first)) return [];
    const facts = `${loraTargetName(target)} has ${shape(target)}; ${loraTargetName(first)} has ${shape(first)}`;
    const message = `${facts}; targets that share their factors need one shape, so use sharing "perTarget"`;
    return [{ path: `space.targets.${index}`, message }];
  });
}

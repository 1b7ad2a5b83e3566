import { ConfigError } from "@haps/spec";
import { z } from "zod";

/** Schema of {@link ParameterGroup}. */
export const parameterGroupSchema = z.strictObject({
  /** Regular expression over variable names; unanchored. */
  pattern: z.string().min(1),
  /** Factor on the learning rate. Default 1; 0 freezes. */
  learningRateFactor: z.number().nonnegative().default(1),
  /** Weight decay of the group; the optimiser's own when absent. */
  weightDecay: z.number().nonnegative().optional(),
});

/** Variables, chosen by name, that are trained differently. */
export interface ParameterGroup extends z.input<typeof parameterGroupSchema> {}

/** What a group means for one variable. */
export interface GroupFactors {
  readonly learningRate: number;
  readonly weightDecay: number;
}

/** The factors of every variable; the first matching group counts. Code `config` for a bad or a useless pattern. */
export function resolveGroups(
  operation: string,
  names: readonly string[],
  groups: readonly z.output<typeof parameterGroupSchema>[],
  weightDecay: number,
): ReadonlyMap<string, GroupFactors> {
  const patterns = groups.map((group, index) => compile(operation, group.pattern, index));
  patterns.forEach((pattern, index) => {
    if (names.some((name) => pattern.test(name))) return;
    const message = `matches none of ${names.length} variables, such as "${names[0] ?? ""}"; correct or remove the group`;
    throw new ConfigError(operation, [{ path: `groups.${index}.pattern`, message }]);
  });
  return new Map(
    names.map((name) => {
      const group = groups[patterns.findIndex((pattern) => pattern.test(name))];
      const factors = {
        learningRate: group?.learningRateFactor ?? 1,
        weightDecay: group?.weightDecay ?? weightDecay,
      };
      return [name, factors];
    }),
  );
}

function compile(operation: string, pattern: string, index: number): RegExp {
  try {
    return new RegExp(pattern, "u");
  } catch (cause) {
    const message = `is no regular expression; got ${JSON.stringify(pattern)}; escape special characters`;
    throw new ConfigError(operation, [{ path: `groups.${index}.pattern`, message }], { cause });
  }
}

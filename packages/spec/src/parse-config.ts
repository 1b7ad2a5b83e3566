import type { z } from "zod";
import { closestName } from "./closest-name.ts";
import { ConfigError, type ConfigIssue } from "./errors.ts";

/**
 * Parses a configuration once, at the factory, and names every field that is wrong.
 *
 * @param operation - Who asked, e.g. `createAssignmentHead`; opens the message.
 * @throws ConfigError with one issue per field; an unknown key gets the nearest known key as a suggestion.
 */
export function parseConfig<Schema extends z.ZodType>(
  operation: string,
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.flatMap((issue): ConfigIssue[] => {
    const path = issue.path.map(String).join(".");
    if (issue.code !== "unrecognized_keys") return [{ path, message: issue.message }];
    const known = knownKeys(schema, issue.path);
    return issue.keys.map((key) => {
      const suggestion = closestName(key, known);
      const advice =
        suggestion === undefined ? `known keys: ${known.join(", ") || "none"}` : `did you mean "${suggestion}"?`;
      return { path: path === "" ? key : `${path}.${key}`, message: `unknown key "${key}"; ${advice}` };
    });
  });
  throw new ConfigError(operation, issues);
}

function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let current: unknown = schema;
  for (const step of path) current = child(unwrap(current), step);
  const shape = (unwrap(current) as { shape?: Record<string, unknown> } | undefined)?.shape;
  return shape === undefined ? [] : Object.keys(shape);
}

function child(schema: unknown, step: PropertyKey): unknown {
  const node = schema as { shape?: Record<PropertyKey, unknown>; element?: unknown; valueType?: unknown } | undefined;
  return node?.shape?.[step] ?? node?.element ?? node?.valueType;
}

/** Sees through `.default()`, `.optional()`, `.nullable()` and `.readonly()`. */
function unwrap(schema: unknown): unknown {
  let current = schema as { def?: { innerType?: unknown } } | undefined;
  while (current?.def?.innerType !== undefined) current = current.def.innerType as typeof current;
  return current;
}

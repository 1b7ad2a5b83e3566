import { ConfigError, canonicalJson, type ParameterSpace, quoteValue, type Settings } from "@haps/spec";
import { checkSettings } from "./check-settings.ts";

/**
 * Refuses settings that a parameter space does not have.
 *
 * @throws ConfigError naming the dimension that is unknown, missing or has another value, or that `only` does not list them.
 *
 * @example
 * ```ts
 * const space = { settings: { temperature: { kind: "ordinal", values: [0, 1] } } } as const;
 * validateSettings(space, { temperature: 1 });
 * ```
 */
export function validateSettings(space: ParameterSpace, settings: Settings): void {
  const issue = checkSettings(space.settings ?? {}, settings);
  if (issue !== undefined) throw new ConfigError("validateSettings", [issue]);
  if (space.only === undefined) return;
  const key = canonicalJson(settings);
  if (space.only.some((listed) => canonicalJson(listed) === key)) return;
  const message = `${quoteValue(settings)} is not among the ${space.only.length} settings that exist; see \`only\``;
  throw new ConfigError("validateSettings", [{ path: "", message }]);
}

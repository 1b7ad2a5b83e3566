import { ConfigError, type Dimension, type ParameterSpace, type Settings } from "@haps/spec";
import { checkSettings } from "./check-settings.ts";

/** Most settings of one candidate. */
export const SETTINGS_LIMIT = 4096;

/**
 * Lists the settings of a parameter space in a stable order.
 *
 * The product of the dimensions, the first dimension slowest, each in the order of its values; or `only`, in its order,
 * where the space names the settings that exist. Keys come in the order of the dimensions.
 *
 * @returns An empty list when nothing varies.
 * @throws ConfigError for a dimension without values or with a repeated or non-finite one, for `only` without dimensions,
 * repeated, empty, or with values that the dimensions do not know, and for more than 4096 settings.
 *
 * @example
 * ```ts
 * const settings = enumerateSettings({ settings: { prompt: { kind: "categorical", values: ["short", "long"] } } });
 * console.assert(settings[1]?.prompt === "long");
 * ```
 */
export function enumerateSettings(space: ParameterSpace): readonly Settings[] {
  const dimensions = space.settings ?? {};
  checkDimensions(dimensions);
  const names = Object.keys(dimensions);
  if (space.only !== undefined) return listedSettings(space.only, dimensions);
  if (names.length === 0) return [];
  const count = names.reduce((product, name) => product * (dimensions[name] as Dimension).values.length, 1);
  if (count > SETTINGS_LIMIT) throw tooMany("settings", count);
  return names.reduce<Settings[]>(
    (partial, name) =>
      partial.flatMap((settings) =>
        (dimensions[name] as Dimension).values.map((value) => ({ ...settings, [name]: value })),
      ),
    [{}],
  );
}

function checkDimensions(dimensions: Readonly<Record<string, Dimension>>): void {
  for (const [name, { values }] of Object.entries(dimensions)) {
    const path = `settings.${name}.values`;
    if (values.length === 0) throw problem(path, "there are none; expected at least one; leave the dimension out");
    const bad = values.find((value) => typeof value === "number" && !Number.isFinite(value));
    if (bad !== undefined) throw problem(path, `got ${bad}; expected finite numbers`);
    const repeated = values.find((value, index) => (values as readonly unknown[]).indexOf(value) !== index);
    if (repeated !== undefined) throw problem(path, `${JSON.stringify(repeated)} comes twice; name each value once`);
  }
}

function listedSettings(only: readonly Settings[], dimensions: Readonly<Record<string, Dimension>>): Settings[] {
  const names = Object.keys(dimensions);
  if (names.length === 0) throw problem("only", "the space has no dimensions; describe them in `settings`");
  if (only.length === 0) throw problem("only", "it is empty; list at least one setting or leave it out");
  if (only.length > SETTINGS_LIMIT) throw tooMany("only", only.length);
  const seen = new Set<string>();
  return only.map((settings, index) => {
    const issue = checkSettings(dimensions, settings);
    if (issue !== undefined) throw problem(`only.${index}${issue.path === "" ? "" : `.${issue.path}`}`, issue.message);
    const ordered = Object.fromEntries(names.map((name) => [name, settings[name] as string | number]));
    const key = JSON.stringify(ordered);
    if (seen.has(key)) throw problem(`only.${index}`, `${key} comes twice; list each setting once`);
    seen.add(key);
    return ordered;
  });
}

function tooMany(path: string, count: number): ConfigError {
  return problem(path, `${count} settings; expected at most ${SETTINGS_LIMIT}; thin out a dimension or list \`only\``);
}

function problem(path: string, message: string): ConfigError {
  return new ConfigError("enumerateSettings", [{ path, message }]);
}

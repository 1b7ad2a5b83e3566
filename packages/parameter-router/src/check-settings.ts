import { type ConfigIssue, closestName, type Dimension, quoteValue, type Settings } from "@haps/spec";

/** The first thing wrong with settings under given dimensions, or `undefined` when each dimension has a known value. */
export function checkSettings(
  dimensions: Readonly<Record<string, Dimension>>,
  settings: Settings,
): ConfigIssue | undefined {
  const names = Object.keys(dimensions);
  for (const name of Object.keys(settings)) {
    if (names.includes(name)) continue;
    const near = closestName(name, names);
    const advice = near === undefined ? `known dimensions: ${names.join(", ") || "none"}` : `did you mean "${near}"?`;
    return { path: name, message: `unknown dimension; ${advice}` };
  }
  for (const name of names) {
    const values: readonly (string | number)[] = (dimensions[name] as Dimension).values;
    const value = settings[name];
    if (value !== undefined && values.includes(value)) continue;
    const got = value === undefined ? "no value" : quoteValue(value);
    return { path: name, message: `got ${got}; expected one of ${quoteValue(values)}` };
  }
  return undefined;
}

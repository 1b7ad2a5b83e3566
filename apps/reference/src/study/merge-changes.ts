/** Plain JSON objects, at any depth. */
type Json = Readonly<Record<string, unknown>>;

/**
 * A copy of `base` in which what `changes` names is replaced; objects are merged, everything else is taken whole, and so is an object
 * that names another `kind`: what the old kind had means nothing to the new one.
 */
export function mergeChanges(base: Json, changes: Json): Json {
  const merged: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(changes)) {
    const old = merged[name];
    merged[name] = isObject(old) && isObject(value) && isSameKind(old, value) ? mergeChanges(old, value) : value;
  }
  return merged;
}

function isSameKind(old: Json, value: Json): boolean {
  return value.kind === undefined || old.kind === value.kind;
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

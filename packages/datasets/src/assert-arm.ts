import { type Arm, closestName, DataError, type DataLocation, type Pool, quoteValue } from "@haps/spec";

/**
 * Checks that an arm names a candidate for each role and settings that can be written and read back.
 *
 * @param roles - The roles that every arm of the table has.
 * @throws DataError for other roles, an empty candidate, and a setting without a name or value.
 */
export function assertArm(roles: readonly string[], arm: Arm, location: DataLocation): void {
  const got = Object.keys(arm);
  if (got.length !== roles.length || !got.every((role) => roles.includes(role))) {
    const problem = `the arm has the roles ${quoteValue(got)}; expected ${quoteValue(roles)}`;
    throw new DataError(location, problem, "give every arm the same roles");
  }
  for (const { candidate, settings } of Object.values(arm)) {
    if (candidate === "") {
      throw new DataError({ ...location, field: "candidate" }, "the candidate has no name", "name the model");
    }
    for (const [name, value] of Object.entries(settings)) {
      if (name !== "" && value !== "" && (typeof value === "string" || Number.isFinite(value))) continue;
      const problem = `the setting ${quoteValue(name)} of ${quoteValue(candidate)} has the value ${quoteValue(value)}`;
      throw new DataError(
        { ...location, field: "settings" },
        problem,
        "expected a name with a text or a finite number",
      );
    }
  }
}

/**
 * Checks that a pool holds an arm.
 *
 * @throws DataError for a candidate that the pool lacks, with the nearest name, and for unknown settings.
 */
export function assertInPool(pool: Pool, arm: Arm, location: DataLocation): void {
  for (const { candidate, settings } of Object.values(arm)) {
    const known = pool.candidates.find(({ id }) => id === candidate);
    if (known === undefined) {
      const ids = pool.candidates.map(({ id }) => id);
      const near = closestName(candidate, ids);
      const advice = near === undefined ? `the pool has ${quoteValue(ids, 200)}` : `did you mean ${quoteValue(near)}?`;
      throw new DataError({ ...location, field: "candidate" }, `unknown candidate ${quoteValue(candidate)}`, advice);
    }
    const dimensions = known.parameters.settings ?? {};
    for (const name of new Set([...Object.keys(dimensions), ...Object.keys(settings)])) {
      const values: readonly unknown[] = dimensions[name]?.values ?? [];
      if (values.includes(settings[name])) continue;
      const problem = `${quoteValue(settings[name])} is no value of setting ${quoteValue(name)} of ${quoteValue(candidate)}`;
      throw new DataError({ ...location, field: "settings" }, problem, `expected one of ${quoteValue(values, 200)}`);
    }
  }
}

import { ConfigError, closestName, quoteValue } from "@haps/spec";
import { type AdapterName, adapters } from "../adapters/adapters.ts";
import { type DataCheck, dataCheck } from "./data-check.ts";
import { isDataProblem, unreadable } from "./unreadable.ts";

/**
 * Reads one of the published sets with every row that a check compares, and checks it.
 *
 * @param folder - The data folder, which holds one sub-folder per set.
 * @returns What was found; files that are missing or broken are findings.
 * @throws ConfigError for an unknown set, with the nearest name.
 */
export async function checkDataset(name: AdapterName, folder: string): Promise<DataCheck> {
  const names = Object.keys(adapters);
  if (!names.includes(name)) {
    const near = closestName(name, names);
    const advice = near === undefined ? `expected one of ${names.join(", ")}` : `did you mean ${quoteValue(near)}?`;
    throw new ConfigError("checkDataset", [{ path: "name", message: `unknown set ${quoteValue(name)}; ${advice}` }]);
  }
  const adapter = adapters[name];
  try {
    const { table, report } = await adapter.read(folder, adapter.checkOptions ?? {});
    return dataCheck(name, report, table);
  } catch (error) {
    if (!isDataProblem(error)) throw error;
    return dataCheck(name, { read: 0, kept: 0, dropped: {} }, undefined, [unreadable(error)]);
  }
}

import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../usage-error.ts";

/** Where recorded outcomes are read from, and who said so. */
export interface DataFolder {
  /** Absolute path. */
  readonly folder: string;
  readonly from: "HAPS_DATA" | "default";
}

/** Root of the checkout that this command was built in. */
export const repositoryRoot = fileURLToPath(new URL("../../../../", import.meta.url));

/**
 * Finds the folder of data sets: `HAPS_DATA`, else `../shared/data` beside the repository, else none.
 *
 * @throws UsageError when `HAPS_DATA` names something that is not a folder: a typing error must not pass for "no data".
 */
export function findData(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
  root: string,
): DataFolder | undefined {
  const named = env.HAPS_DATA;
  if (named !== undefined && named !== "") {
    const folder = resolve(cwd, named);
    if (!isFolder(folder))
      throw new UsageError(`HAPS_DATA names ${folder}, which is not a folder; correct or unset it`);
    return { folder, from: "HAPS_DATA" };
  }
  const folder = join(root, "..", "shared", "data");
  return isFolder(folder) ? { folder, from: "default" } : undefined;
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

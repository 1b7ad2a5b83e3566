import { existsSync } from "node:fs";
import { join } from "node:path";
import { pnpmArguments } from "../bin/bootstrap.mjs";
import { runCommand } from "./run-command.ts";
import type { WorkspacePackage } from "./workspace-package.ts";

/** A packed package, as it would be published. */
export interface Tarball {
  readonly package: WorkspacePackage;
  readonly path: string;
}

/** Packs packages into a folder with pnpm, which writes real versions for `workspace:` and `catalog:`. */
export async function packPackages(
  root: string,
  packages: readonly WorkspacePackage[],
  folder: string,
): Promise<readonly Tarball[]> {
  const filters = packages.flatMap(({ manifest }) => ["--filter", manifest.name]);
  const result = await runCommand(
    "npx",
    [...pnpmArguments(root), "-r", ...filters, "pack", "--pack-destination", folder],
    {
      cwd: root,
    },
  );
  const tarballs = packages.map((one) => ({ package: one, path: join(folder, tarballName(one)) }));
  const missing = tarballs.filter(({ path }) => !existsSync(path));
  if (!result.ok || missing.length > 0) throw new Error(`pnpm pack failed:\n${result.output}`);
  return tarballs;
}

/** The name that pnpm gives a tarball: scope and name joined by a dash, then the version. */
export function tarballName({ manifest }: WorkspacePackage): string {
  return `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version ?? "0.0.0"}.tgz`;
}

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Where a package lives: libraries are published, apps and tooling are private. */
export type PackageGroup = "packages" | "apps" | "tooling";

/** What the checks read of a `package.json`. */
export interface Manifest {
  readonly name: string;
  readonly version?: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly type?: string;
  readonly sideEffects?: boolean;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly files?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** One package of the workspace. */
export interface WorkspacePackage {
  /** Folder name, which is also the name of its test project. */
  readonly id: string;
  readonly group: PackageGroup;
  /** Absolute folder. */
  readonly folder: string;
  readonly manifest: Manifest;
}

const groups: readonly PackageGroup[] = ["packages", "apps", "tooling"];

/** Lists every package of a workspace in a fixed order: libraries, apps, tooling, each by name. */
export function listPackages(root: string): readonly WorkspacePackage[] {
  return groups.flatMap((group) => {
    const parent = join(root, group);
    if (!existsSync(parent)) return [];
    return readdirSync(parent)
      .sort()
      .filter((id) => existsSync(join(parent, id, "package.json")))
      .map((id) => ({ id, group, folder: join(parent, id), manifest: readManifest(join(parent, id)) }));
  });
}

/** The packages that are published: everything that is not private. */
export function publicPackages(packages: readonly WorkspacePackage[]): readonly WorkspacePackage[] {
  return packages.filter(({ manifest }) => manifest.private !== true);
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

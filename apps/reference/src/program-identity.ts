import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, sep } from "node:path";
import { repositoryRoot } from "./experiments/find-data.ts";

/** Which program computes: what a run must have in common with its resumption. */
export interface ProgramIdentity {
  /** Commit of the checkout; `null` outside a repository. */
  readonly commit: string | null;
  /** Versions of Node, of tfjs and of this toolkit; the latter with a hash of its code, which a changed tree changes. */
  readonly versions: Readonly<Record<string, string>>;
}

/** Version of this toolkit. */
export function programVersion(root: string = repositoryRoot): string {
  return versionOf(join(root, "packages/spec/package.json"));
}

function versionOf(packageFile: string): string {
  return (JSON.parse(readFileSync(packageFile, "utf8")) as { version: string }).version;
}

/** Looks at the checkout this command was built in. */
export function programIdentity(root: string = repositoryRoot): ProgramIdentity {
  const require = createRequire(import.meta.url);
  return {
    commit: currentCommit(root),
    versions: {
      haps: `${programVersion(root)}+${codeHash(root)}`,
      node: process.versions.node,
      tfjs: versionOf(require.resolve("@tensorflow/tfjs/package.json")),
    },
  };
}

function currentCommit(root: string): string | null {
  try {
    const output = execFileSync("git", ["rev-parse", "HEAD"], { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
    return output.toString().trim();
  } catch {
    return null;
  }
}

/** Twelve digits over the code of the command and of all packages: compiled, or the sources where these run. */
function codeHash(root: string): string {
  const fromSource = import.meta.url.endsWith(".ts");
  const packages = join(root, "packages");
  const folders = [join(root, "apps/reference"), ...readdirSync(packages).map((name) => join(packages, name))];
  const hash = createHash("sha256");
  for (const file of folders.flatMap((folder) => codeFiles(join(folder, fromSource ? "src" : "dist"))).sort()) {
    hash.update(`${relative(root, file).split(sep).join("/")}\0`).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 12);
}

function codeFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return codeFiles(path);
    return /\.(js|ts)$/.test(entry.name) && !entry.name.endsWith(".d.ts") ? [path] : [];
  });
}

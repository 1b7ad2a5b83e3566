import { existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { listPackages, publicPackages, type WorkspacePackage } from "./workspace-package.ts";

/**
 * Makes an empty ESM project whose `node_modules` links to every library of the workspace and to what the libraries
 * depend on, so that code in it resolves as it does for somebody who installed them all.
 */
export function createLinkedProject(root: string, folder: string): void {
  const modules = join(folder, "node_modules");
  mkdirSync(modules, { recursive: true });
  writeFileSync(join(folder, "package.json"), `${JSON.stringify({ private: true, type: "module" })}\n`);
  const libraries = publicPackages(listPackages(root));
  for (const library of libraries) link(modules, library.manifest.name, library.folder);
  for (const library of libraries) {
    for (const name of thirdParties(library)) link(modules, name, join(library.folder, "node_modules", name));
  }
  link(modules, "@types/node", join(root, "node_modules/@types/node"));
}

function thirdParties({ manifest }: WorkspacePackage): readonly string[] {
  return Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.devDependencies }).filter(
    (name) => name === "zod" || name.startsWith("@tensorflow/"),
  );
}

function link(modules: string, name: string, target: string): void {
  const path = join(modules, name);
  if (existsSync(path) || !existsSync(target)) return;
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(realpathSync(target), path, "junction");
}

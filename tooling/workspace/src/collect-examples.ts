import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commentExamples, type DocExample, markdownExamples } from "./doc-example.ts";
import { entrySources } from "./file-rules.ts";
import { filesUnder } from "./files-under.ts";
import { exportedNames, freeNames } from "./free-names.ts";
import { type Problem, shownPath } from "./problem.ts";
import { listPackages, publicPackages, type WorkspacePackage } from "./workspace-package.ts";

/** An example ready to compile: its code stands on the same lines as in the file it comes from. */
export interface LocatedExample {
  /** Folder name of the package it belongs to; `workspace` for the root README. */
  readonly owner: string;
  /** Path of its file from the root. */
  readonly file: string;
  readonly line: number;
  /** TypeScript source, padded with empty lines before the example. */
  readonly source: string;
}

/** Every example of a workspace, and what is wrong with how they are written. */
export interface CollectedExamples {
  readonly examples: readonly LocatedExample[];
  /** How many opted out with a reason. */
  readonly unchecked: number;
  readonly problems: readonly Problem[];
}

/**
 * Collects the `ts` fences of the READMEs and of the doc comments of the libraries. READMEs are run as a reader would
 * paste them. Examples in doc comments may leave out the imports of what their own package or its dependencies export,
 * of `tf` and of `assert`; these are added.
 */
export function collectExamples(root: string): CollectedExamples {
  const libraries = publicPackages(listPackages(root));
  const problems: Problem[] = [];
  const examples: LocatedExample[] = [];
  let unchecked = 0;
  const add = (owner: string, path: string, found: readonly DocExample[], complete: (code: string) => string): void => {
    const file = shownPath(root, path);
    for (const { line, code, noCheck } of found) {
      if (noCheck !== undefined) {
        unchecked += 1;
        if (noCheck === "") problems.push({ file, line, message: "opts out of checks without a reason" });
        continue;
      }
      const source = `${complete(code)}${"\n".repeat(line - 1)}${code}\n`;
      examples.push({ owner, file, line, source });
    }
  };
  const asWritten = (): string => "export {};";

  const rootReadme = join(root, "README.md");
  if (existsSync(rootReadme))
    add("workspace", rootReadme, markdownExamples(readFileSync(rootReadme, "utf8")), asWritten);
  for (const one of libraries) {
    const readme = join(one.folder, "README.md");
    if (existsSync(readme)) {
      const found = markdownExamples(readFileSync(readme, "utf8"));
      add(one.id, readme, found, asWritten);
      if (!found.some(({ code, noCheck }) => noCheck === undefined && /\bassert\b/.test(code))) {
        problems.push({ file: shownPath(root, readme), message: "has no executed example that ends in an assertion" });
      }
    }
    const importsOf = importCompleter(one, libraries);
    for (const path of filesUnder(join(one.folder, "src"), ".ts")) {
      add(one.id, path, commentExamples(readFileSync(path, "utf8")), importsOf);
    }
  }
  return { examples, unchecked, problems };
}

/** Makes the line of imports that an example of a package leaves out. */
function importCompleter(one: WorkspacePackage, libraries: readonly WorkspacePackage[]): (code: string) => string {
  const { dependencies, peerDependencies } = one.manifest;
  const reachable = Object.keys({ ...dependencies, ...peerDependencies });
  const order = [one, ...libraries.filter(({ manifest }) => reachable.includes(manifest.name))];
  const specifierOf = new Map<string, string>();
  for (const library of order) {
    for (const [name, specifier] of exportsOf(library)) {
      if (!specifierOf.has(name)) specifierOf.set(name, specifier);
    }
  }
  return (code) => {
    const imports = freeNames(code).flatMap((name) => {
      if (name === "tf") return [`import * as tf from "@tensorflow/tfjs";`];
      if (name === "assert") return [`import assert from "node:assert/strict";`];
      const specifier = specifierOf.get(name);
      return specifier === undefined ? [] : [`import { ${name} } from "${specifier}";`];
    });
    return [...imports, "export {};"].join(" ");
  };
}

function exportsOf(library: WorkspacePackage): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const entries = Object.entries(library.manifest.exports ?? {}).filter(([, target]) => typeof target !== "string");
  const sources = entrySources(library);
  entries.forEach(([entry], index) => {
    const path = join(library.folder, sources[index] ?? "");
    if (!existsSync(path)) return;
    const specifier = library.manifest.name + entry.slice(1);
    for (const name of exportedNames(readFileSync(path, "utf8"))) if (!names.has(name)) names.set(name, specifier);
  });
  return names;
}

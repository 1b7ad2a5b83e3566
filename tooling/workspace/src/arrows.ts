import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import { type ArrowRule, arrowMap, testOnlyPackages } from "./arrow-map.ts";
import { filesUnder } from "./files-under.ts";
import { type Problem, shownPath } from "./problem.ts";
import { packageOfSpecifier, sourceImports } from "./source-imports.ts";
import { listPackages, type WorkspacePackage } from "./workspace-package.ts";

interface Arrows {
  readonly root: string;
  readonly map: Readonly<Record<string, ArrowRule>>;
  readonly byName: ReadonlyMap<string, WorkspacePackage>;
}

/**
 * Refuses every import and every dependency that the map of arrows forbids: workspace packages that are not named
 * there, packages that the manifest does not declare, files outside the own package, tensors in tensor-free parts.
 */
export function checkArrows(root: string, map: Readonly<Record<string, ArrowRule>> = arrowMap): readonly Problem[] {
  const packages = listPackages(root);
  const arrows: Arrows = { root, map, byName: new Map(packages.map((one) => [one.manifest.name, one])) };
  return packages.flatMap((one) => {
    const rule = map[one.id];
    if (rule === undefined) {
      const file = shownPath(root, join(one.folder, "package.json"));
      return [{ file, message: `"${one.id}" has no rule; add it to tooling/workspace/src/arrow-map.ts` }];
    }
    return [
      ...checkManifest(arrows, one, rule),
      ...checkReferences(arrows, one, rule),
      ...checkSources(arrows, one, rule),
      ...checkTensorFree(arrows, one, rule),
    ];
  });
}

function mayImport(rule: ArrowRule, id: string): boolean {
  return rule.imports === "*" || rule.imports.includes(id);
}

function checkManifest({ root, byName }: Arrows, one: WorkspacePackage, rule: ArrowRule): readonly Problem[] {
  const file = shownPath(root, join(one.folder, "package.json"));
  const problems: Problem[] = [];
  const { dependencies, peerDependencies, optionalDependencies, devDependencies } = one.manifest;
  const shipped = Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
  for (const name of new Set([...shipped, ...Object.keys(devDependencies ?? {})])) {
    const target = byName.get(name);
    if (target === undefined) {
      if (name.startsWith("@haps/"))
        problems.push({ file, message: `depends on ${name}, which is not in the workspace` });
      continue;
    }
    const forTests = testOnlyPackages.includes(target.id);
    if (forTests && (!shipped.includes(name) || one.manifest.private === true)) continue;
    if (forTests) problems.push({ file, message: `ships ${name}, which is for tests; move it to devDependencies` });
    else if (!mayImport(rule, target.id)) problems.push({ file, message: forbidden(one, rule, name) });
  }
  if (rule.tensorFree?.includes(".")) {
    for (const name of shipped.filter((candidate) => candidate.startsWith("@tensorflow/"))) {
      problems.push({ file, message: `depends on ${name}, but ${one.manifest.name} must install without tensors` });
    }
  }
  return problems;
}

function checkReferences({ root, map }: Arrows, one: WorkspacePackage, rule: ArrowRule): readonly Problem[] {
  const path = join(one.folder, "tsconfig.build.json");
  if (!existsSync(path)) return [];
  const { references = [] } = JSON.parse(readFileSync(path, "utf8")) as { references?: readonly { path: string }[] };
  return references.flatMap((reference) => {
    const id = dirname(resolve(one.folder, reference.path)).split(sep).at(-1) as string;
    if (map[id] === undefined || mayImport(rule, id)) return [];
    return [{ file: shownPath(root, path), message: forbidden(one, rule, reference.path) }];
  });
}

function checkSources({ root, byName }: Arrows, one: WorkspacePackage, rule: ArrowRule): readonly Problem[] {
  const { manifest } = one;
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies };
  const usable = manifest.private === true ? { ...declared, ...manifest.devDependencies } : declared;
  const source = join(one.folder, "src");
  return filesUnder(source, ".ts").flatMap((path) =>
    sourceImports(path).flatMap(({ specifier, line }) => {
      const problem = (message: string): Problem[] => [{ file: shownPath(root, path), line, message }];
      if (specifier.startsWith(".")) {
        const inside = resolve(dirname(path), specifier).startsWith(`${source}${sep}`);
        return inside || one.group !== "packages" ? [] : problem(`imports "${specifier}", outside its own src`);
      }
      const name = packageOfSpecifier(specifier);
      if (name === undefined || name === manifest.name) return [];
      const target = byName.get(name);
      if (target !== undefined && testOnlyPackages.includes(target.id) && one.group === "packages") {
        return problem(`imports ${specifier}, which is for tests only`);
      }
      if (target !== undefined && !testOnlyPackages.includes(target.id) && !mayImport(rule, target.id)) {
        return problem(forbidden(one, rule, specifier));
      }
      return name in usable ? [] : problem(`imports ${specifier}, which package.json does not declare`);
    }),
  );
}

/** Follows the imports of the tensor-free entries, through files of the package, to anything that would load tfjs. */
function checkTensorFree({ root, map, byName }: Arrows, one: WorkspacePackage, rule: ArrowRule): readonly Problem[] {
  const source = join(one.folder, "src");
  const queue = (rule.tensorFree ?? []).flatMap((entry) => filesUnder(join(source, entry), ".ts"));
  const seen = new Set(queue);
  const problems: Problem[] = [];
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    for (const { specifier, line } of sourceImports(path)) {
      if (specifier.startsWith(".")) {
        const next = resolve(dirname(path), specifier);
        if (!seen.has(next) && existsSync(next) && statSync(next).isFile()) queue.push(next);
        seen.add(next);
        continue;
      }
      const name = packageOfSpecifier(specifier) ?? "";
      const target = byName.get(name);
      const free =
        target === undefined ? !name.startsWith("@tensorflow/") : isTensorFree(map[target.id], specifier, name);
      if (free || target === one) continue;
      const message = `imports ${specifier}, but this part of ${one.manifest.name} must load without tensors`;
      problems.push({ file: shownPath(root, path), line, message });
    }
  }
  return problems;
}

function isTensorFree(rule: ArrowRule | undefined, specifier: string, name: string): boolean {
  const entry = specifier.slice(name.length + 1);
  return rule?.tensorFree?.some((free) => free === "." || free === entry) ?? false;
}

function forbidden(one: WorkspacePackage, rule: ArrowRule, what: string): string {
  const allowed = rule.imports === "*" || rule.imports.length === 0 ? "no workspace package" : rule.imports.join(", ");
  return `${one.manifest.name} uses ${what}, against the arrows; it may import ${allowed} (tooling/workspace/src/arrow-map.ts)`;
}

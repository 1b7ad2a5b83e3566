import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ArrowRule, arrowMap, testOnlyPackages } from "./arrow-map.ts";
import type { Problem } from "./problem.ts";
import { listPackages, publicPackages } from "./workspace-package.ts";

interface TurboConfig {
  readonly tags?: readonly string[];
  readonly boundaries?: {
    readonly tags?: Readonly<Record<string, { readonly dependencies?: { readonly allow?: readonly string[] } }>>;
  };
}

/** Refuses tags and boundaries of turbo that allow a library other packages than the map of arrows does. */
export function checkTurboTags(root: string, map: Readonly<Record<string, ArrowRule>> = arrowMap): readonly Problem[] {
  const packages = listPackages(root);
  const tagsOf = new Map(packages.map(({ id, folder }) => [id, readTurbo(folder).tags ?? []]));
  const rules = readTurbo(root).boundaries?.tags ?? {};
  return publicPackages(packages).flatMap(({ id, group }): readonly Problem[] => {
    const file = `${group}/${id}/turbo.json`;
    const limits = (tagsOf.get(id) ?? []).flatMap((tag) => {
      const allow = rules[tag]?.dependencies?.allow;
      return allow === undefined ? [] : [allow];
    });
    if (limits.length === 0) return [{ file, message: `has no tag with a boundary in the root turbo.json` }];
    const allowed = packages
      .filter((other) => limits.every((allow) => tagsOf.get(other.id)?.some((tag) => allow.includes(tag))))
      .map((other) => other.id);
    const imports = map[id]?.imports ?? [];
    const expected = packages
      .filter((other) => imports === "*" || imports.includes(other.id) || testOnlyPackages.includes(other.id))
      .map((other) => other.id);
    if (allowed.join() === expected.join()) return [];
    const message = `its tags allow ${listed(allowed)}; the map of arrows allows ${listed(expected)}`;
    return [{ file, message }];
  });
}

function listed(ids: readonly string[]): string {
  return ids.length === 0 ? "nothing" : ids.join(", ");
}

function readTurbo(folder: string): TurboConfig {
  const path = join(folder, "turbo.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as TurboConfig) : {};
}

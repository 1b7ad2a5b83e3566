import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { tarballName } from "../src/pack-packages.ts";
import { entriesOf } from "../src/pack-test.ts";
import { packageOfSpecifier, sourceImports } from "../src/source-imports.ts";
import { listPackages, publicPackages } from "../src/workspace-package.ts";
import { fakeWorkspace, libraryManifest } from "./fake-workspace.ts";

const root = (): string =>
  fakeWorkspace({
    "packages/b-side/package.json": libraryManifest("@haps/b-side"),
    "packages/a/package.json": libraryManifest("@haps/a", {
      exports: { ".": {}, "./scores": {}, "./package.json": "./package.json" },
    }),
    "packages/no-package/src/index.ts": "",
    "tooling/tool/package.json": { name: "@haps/tool", private: true },
    "apps/app/package.json": { name: "@haps/app", private: true },
  });

describe("listPackages", () => {
  it("lists libraries, apps and tooling in a fixed order, and which of them are published", () => {
    const packages = listPackages(root());
    expect(packages.map(({ group, id }) => `${group}/${id}`)).toEqual([
      "packages/a",
      "packages/b-side",
      "apps/app",
      "tooling/tool",
    ]);
    expect(publicPackages(packages).map(({ id }) => id)).toEqual(["a", "b-side"]);
  });
});

describe("a packed package", () => {
  it("has the name that pnpm gives it", () => {
    expect(publicPackages(listPackages(root())).map(tarballName)).toEqual([
      "haps-a-1.2.3.tgz",
      "haps-b-side-1.2.3.tgz",
    ]);
  });

  it("is imported by each of its entries", () => {
    expect(publicPackages(listPackages(root())).flatMap(entriesOf)).toEqual([
      "@haps/a",
      "@haps/a/scores",
      "@haps/b-side",
    ]);
  });
});

describe("sourceImports", () => {
  it("finds static, type-only, re-exported and dynamic imports with their lines", () => {
    const text = 'import a from "a";\nimport type { B } from "b";\n\nexport { c } from "./c.ts";\nawait import("d");\n';
    const found = sourceImports(join(fakeWorkspace({ "x.ts": text }), "x.ts"));
    expect(found).toEqual([
      { specifier: "a", line: 1 },
      { specifier: "b", line: 2 },
      { specifier: "./c.ts", line: 4 },
      { specifier: "d", line: 5 },
    ]);
  });
});

describe("packageOfSpecifier", () => {
  it.each([
    ["@haps/reward/scores", "@haps/reward"],
    ["zod/v4", "zod"],
    ["zod", "zod"],
    ["node:fs", undefined],
    ["./file.ts", undefined],
  ])("reads %s as %s", (specifier, name) => {
    expect(packageOfSpecifier(specifier)).toBe(name);
  });
});

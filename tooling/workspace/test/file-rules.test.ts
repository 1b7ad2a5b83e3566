import { describe, expect, it } from "vitest";
import { checkFileRules, longestFile } from "../src/file-rules.ts";
import { fakeWorkspace, libraryManifest, shown } from "./fake-workspace.ts";

const library = {
  "tsconfig.json": { references: [{ path: "packages/core" }] },
  ".changeset/first.md": '---\n"@haps/core": minor\n---\n\nFirst.\n',
  "packages/core/package.json": libraryManifest("@haps/core"),
  "packages/core/README.md": "# core\n",
  "packages/core/src/index.ts": 'export { area } from "./area.ts";\n',
  "packages/core/src/area.ts": "export const area = 1;\n",
  "packages/core/test/area.test.ts": "",
};
const problemsOf = (files: Readonly<Record<string, string | object>>): readonly string[] =>
  shown(checkFileRules(fakeWorkspace({ ...library, ...files })));
const without = (path: keyof typeof library): readonly string[] => {
  const { [path]: _, ...rest } = library;
  return shown(checkFileRules(fakeWorkspace(rest)));
};

describe("checkFileRules", () => {
  it("accepts a library that keeps every rule", () => {
    expect(problemsOf({})).toEqual([]);
  });

  it.each([
    ["export * from", 'export * from "./area.ts";\n', "uses `export *`; name what is exported"],
    ["code of its own", "export const a = 1;\n", "is an entry and may only hold `export { … } from`"],
    ["a default", 'export { area as default } from "./area.ts";\n', "has a default export; export by name"],
  ])("refuses an entry file with %s", (_case, text, message) => {
    expect(problemsOf({ "packages/core/src/index.ts": text })).toContain(`packages/core/src/index.ts:1 ${message}`);
  });

  it("refuses an entry that exports nothing", () => {
    expect(problemsOf({ "packages/core/src/index.ts": "export {};\n" })).toEqual([
      "packages/core/src/index.ts exports nothing",
    ]);
  });

  it("refuses default exports of other files, in either form", () => {
    const files = {
      "packages/core/src/one.ts": "const a = 1;\nexport default a;\n",
      "packages/core/src/two.ts": "export default function run() {}\n",
    };
    expect(problemsOf(files)).toEqual([
      "packages/core/src/one.ts:2 has a default export; export by name",
      "packages/core/src/two.ts:1 has a default export; export by name",
    ]);
  });

  it("refuses long files, one line above the limit", () => {
    const lines = (count: number): string => "export {};\n".repeat(count);
    expect(problemsOf({ "packages/core/src/long.ts": lines(longestFile) })).toEqual([]);
    expect(problemsOf({ "packages/core/src/long.ts": lines(longestFile + 1) })).toEqual([
      `packages/core/src/long.ts has ${longestFile + 1} lines, more than ${longestFile}; split it by concept`,
    ]);
  });

  it.each(["utils.ts", "helper.ts", "pool-manager.ts"])("refuses %s as a name that says nothing", (name) => {
    expect(problemsOf({ [`packages/core/src/${name}`]: "" })[0]).toContain("has a name that says nothing");
  });

  it("refuses names that are not kebab-case and notes for later", () => {
    const note = `// ${"TO"}${"DO"} later\n`;
    expect(problemsOf({ "packages/core/src/someThing.ts": note })).toEqual([
      "packages/core/src/someThing.ts is not named in kebab-case",
      "packages/core/src/someThing.ts:1 leaves a note to do something later",
    ]);
  });

  it("names what a library owes its readers", () => {
    expect(without("packages/core/README.md")).toEqual(["packages/core has no README.md"]);
    expect(without("packages/core/test/area.test.ts")).toEqual(["packages/core has no test"]);
    expect(without(".changeset/first.md")).toEqual(['.changeset no changeset names @haps/core; run "npx changeset"']);
  });

  it("takes a changelog for a changeset once a version is out", () => {
    const { ".changeset/first.md": _, ...released } = library;
    expect(shown(checkFileRules(fakeWorkspace({ ...released, "packages/core/CHANGELOG.md": "" })))).toEqual([]);
  });

  it("refuses a manifest whose types come after its code, and one without a licence", () => {
    const exports = {
      ".": { "@haps/source": "./src/index.ts", default: "./dist/index.js", types: "./dist/index.d.ts" },
      "./package.json": "./package.json",
    };
    const manifest = libraryManifest("@haps/core", { exports, license: "UNLICENSED" });
    expect(problemsOf({ "packages/core/package.json": manifest })).toEqual([
      'packages/core/package.json needs "license": "MIT"',
      'packages/core/package.json "exports" of "." needs @haps/source, types, default; has @haps/source, default, types',
    ]);
  });

  it("refuses a package that the type check would leave out", () => {
    expect(problemsOf({ "tsconfig.json": {} })).toEqual(["tsconfig.json does not refer to packages/core"]);
  });
});

import { describe, expect, it } from "vitest";
import { checkArrows } from "../src/arrows.ts";
import { fakeWorkspace, libraryManifest, shown } from "./fake-workspace.ts";

const map = {
  core: { imports: [], tensorFree: ["."] },
  maths: { imports: ["core"] },
  router: { imports: ["core", "maths"] },
  prize: { imports: ["core", "maths"], tensorFree: ["plain"] },
  testing: { imports: ["core"] },
};
const onCore = { "@haps/core": "workspace:^" };
const base = {
  "packages/core/package.json": libraryManifest("@haps/core"),
  "packages/core/src/index.ts": "export {};",
  "packages/maths/package.json": libraryManifest("@haps/maths", {
    dependencies: onCore,
    peerDependencies: { "@tensorflow/tfjs": "4.22.0" },
  }),
  "packages/router/package.json": libraryManifest("@haps/router", {
    dependencies: { ...onCore, "@haps/maths": "workspace:^" },
    devDependencies: { "@haps/testing": "workspace:^" },
  }),
  "tooling/testing/package.json": { name: "@haps/testing", private: true },
};
const problemsOf = (files: Readonly<Record<string, string | object>>): readonly string[] =>
  shown(checkArrows(fakeWorkspace({ ...base, ...files }), map));

describe("checkArrows", () => {
  it("accepts a workspace that keeps to the map", () => {
    const source = 'import { a } from "@haps/core";\nexport type { b } from "@haps/maths/part";\nimport "node:fs";\n';
    expect(problemsOf({ "packages/router/src/index.ts": source })).toEqual([]);
  });

  it("refuses an import that the map forbids, at its line", () => {
    const [problem, ...rest] = problemsOf({
      "packages/core/src/index.ts": '// comment\nexport type { b } from "@haps/router";\n',
    });
    expect(problem).toMatch(/^packages\/core\/src\/index\.ts:2 @haps\/core uses @haps\/router, against the arrows/);
    expect(rest.join()).toContain("must load without tensors");
  });

  it("refuses dynamic imports as well, and overlooks comments and strings", () => {
    const source =
      '// import "@haps/router";\nconst text = \'import "@haps/router"\';\nawait import("@haps/router");\n';
    const problems = problemsOf({ "packages/maths/src/index.ts": source });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^packages\/maths\/src\/index\.ts:3 /);
  });

  it("refuses a forbidden dependency and a forbidden project reference before anything imports it", () => {
    const problems = problemsOf({
      "packages/maths/package.json": libraryManifest("@haps/maths", {
        devDependencies: { "@haps/router": "workspace:^" },
      }),
      "packages/maths/tsconfig.build.json": { references: [{ path: "../router/tsconfig.build.json" }] },
    });
    expect(problems).toEqual([
      expect.stringMatching(/^packages\/maths\/package\.json @haps\/maths uses @haps\/router/),
      expect.stringMatching(/^packages\/maths\/tsconfig\.build\.json @haps\/maths uses \.\.\/router/),
    ]);
  });

  it("refuses what package.json does not declare", () => {
    expect(problemsOf({ "packages/core/src/index.ts": 'import { z } from "zod";\n' })).toEqual([
      "packages/core/src/index.ts:1 imports zod, which package.json does not declare",
    ]);
  });

  it("refuses a path into the sources of another package", () => {
    expect(problemsOf({ "packages/router/src/deep/a.ts": 'import "../../../core/src/index.ts";\n' })).toEqual([
      'packages/router/src/deep/a.ts:1 imports "../../../core/src/index.ts", outside its own src',
    ]);
  });

  it("keeps test helpers out of what is shipped", () => {
    const problems = problemsOf({
      "packages/router/package.json": libraryManifest("@haps/router", {
        dependencies: { "@haps/testing": "workspace:^" },
      }),
      "packages/router/src/index.ts": 'import "@haps/testing";\n',
    });
    expect(problems).toEqual([
      "packages/router/package.json ships @haps/testing, which is for tests; move it to devDependencies",
      "packages/router/src/index.ts:1 imports @haps/testing, which is for tests only",
    ]);
  });

  it("follows the imports of a tensor-free entry to the file that loads tensors", () => {
    const problems = problemsOf({
      "packages/prize/package.json": libraryManifest("@haps/prize", {
        dependencies: onCore,
        peerDependencies: { "@tensorflow/tfjs": "4.22.0", "@haps/maths": "workspace:^" },
      }),
      "packages/prize/src/plain/index.ts": 'export { a } from "../shared.ts";\n',
      "packages/prize/src/shared.ts": 'import "@haps/core";\nimport "@haps/maths";\nimport "@tensorflow/tfjs";\n',
      "packages/prize/src/index.ts": 'import "@tensorflow/tfjs";\n',
    });
    expect(problems).toEqual([
      "packages/prize/src/shared.ts:2 imports @haps/maths, but this part of @haps/prize must load without tensors",
      "packages/prize/src/shared.ts:3 imports @tensorflow/tfjs, but this part of @haps/prize must load without tensors",
    ]);
  });

  it("refuses tensors among the dependencies of a package that is free of them", () => {
    const core = libraryManifest("@haps/core", { dependencies: { "@tensorflow/tfjs": "4.22.0" } });
    expect(problemsOf({ "packages/core/package.json": core })).toEqual([
      "packages/core/package.json depends on @tensorflow/tfjs, but @haps/core must install without tensors",
    ]);
  });

  it("refuses a package without a rule and a dependency that is not in the workspace", () => {
    const problems = problemsOf({
      "packages/novel/package.json": libraryManifest("@haps/novel"),
      "packages/router/package.json": libraryManifest("@haps/router", {
        dependencies: { "@haps/gone": "workspace:^" },
      }),
    });
    expect(problems).toEqual([
      'packages/novel/package.json "novel" has no rule; add it to tooling/workspace/src/arrow-map.ts',
      "packages/router/package.json depends on @haps/gone, which is not in the workspace",
    ]);
  });
});

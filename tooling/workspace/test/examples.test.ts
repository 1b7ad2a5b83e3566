import { describe, expect, it } from "vitest";
import { collectExamples } from "../src/collect-examples.ts";
import { commentExamples, markdownExamples } from "../src/doc-example.ts";
import { exportedNames, freeNames } from "../src/free-names.ts";
import { fakeWorkspace, libraryManifest, shown } from "./fake-workspace.ts";

const fence = "```";

describe("markdownExamples", () => {
  it("finds ts fences with their lines and leaves other languages alone", () => {
    const text = `# a\n\n${fence}ts\nconst a = 1;\n${fence}\n\n${fence}sh\nnpm test\n${fence}\n${fence}typescript\nb();\n${fence}\n`;
    expect(markdownExamples(text)).toEqual([
      { line: 4, code: "const a = 1;" },
      { line: 11, code: "b();" },
    ]);
  });

  it("takes the indent of a fence in a list off its code", () => {
    expect(markdownExamples(`- a\n  ${fence}ts\n  if (a) {\n    b();\n  }\n  ${fence}`)).toEqual([
      { line: 3, code: "if (a) {\n  b();\n}" },
    ]);
  });

  it("reads why an example is not checked, and that the reason is missing", () => {
    const text = `${fence}ts no-check: needs a key\na\n${fence}\n${fence}ts no-check\nb\n${fence}\n`;
    expect(markdownExamples(text).map(({ noCheck }) => noCheck)).toEqual(["needs a key", ""]);
  });
});

describe("commentExamples", () => {
  it("finds fences in doc comments only, without the stars, at the lines of the file", () => {
    const text = `const a = "${fence}ts";\n/**\n * Adds.\n *\n * @example\n * ${fence}ts\n * add(1,\n *   2);\n * ${fence}\n */\n`;
    expect(commentExamples(text)).toEqual([{ line: 7, code: "add(1,\n  2);" }]);
  });
});

describe("freeNames", () => {
  it("lists names that are used and not declared, once, types included", () => {
    const code = "const a: Area = measure(b, { c: d, e }); a.length; function f(g: number) { return g + measure(1); }";
    expect(freeNames(code)).toEqual(["Area", "measure", "b", "d", "e"]);
  });

  it("knows imported and destructured names", () => {
    expect(freeNames('import { a } from "x"; import * as tf from "y"; const { b: c, d } = a; c(d, tf);')).toEqual([]);
  });
});

describe("exportedNames", () => {
  it("reads entries: values, types and new names", () => {
    const entry =
      'export { a, type B } from "./a.ts";\nexport type { C } from "./c.ts";\nexport { d as e } from "./d.ts";\n';
    expect(exportedNames(entry)).toEqual(["a", "B", "C", "e"]);
  });
});

describe("collectExamples", () => {
  const files = {
    "README.md": `${fence}ts\nimport "@haps/core";\n${fence}\n`,
    "packages/core/package.json": libraryManifest("@haps/core"),
    "packages/core/README.md": `${fence}ts\nimport { area } from "@haps/core";\nconsole.assert(area(2) === 4);\n${fence}\n`,
    "packages/core/src/index.ts": 'export { area } from "./area.ts";\n',
    "packages/core/src/area.ts": `/**\n * ${fence}ts\n * assert.equal(area(2), 4);\n * tf.ones([1]);\n * ${fence}\n */\nexport const area = 1;\n`,
  };

  it("leaves READMEs as they are and adds to doc comments what they may leave out, on the same lines", () => {
    const { examples, problems } = collectExamples(fakeWorkspace(files));
    expect(problems).toEqual([]);
    expect(examples.map(({ owner, file, line }) => `${owner} ${file}:${line}`)).toEqual([
      "workspace README.md:2",
      "core packages/core/README.md:2",
      "core packages/core/src/area.ts:3",
    ]);
    const [root, , comment] = examples;
    expect(root?.source).toBe('export {};\nimport "@haps/core";\n');
    const [imports, blank, code] = comment?.source.split("\n") ?? [];
    expect(imports).toBe(
      'import assert from "node:assert/strict"; import { area } from "@haps/core"; import * as tf from "@tensorflow/tfjs"; export {};',
    );
    expect([blank, code]).toEqual(["", "assert.equal(area(2), 4);"]);
  });

  it("refuses a README that asserts nothing and an example that opts out without a reason", () => {
    const readme = `${fence}ts\nimport "@haps/core";\n${fence}\n${fence}ts no-check\nx\n${fence}\n`;
    const { unchecked, problems } = collectExamples(fakeWorkspace({ ...files, "packages/core/README.md": readme }));
    expect(unchecked).toBe(1);
    expect(shown(problems)).toEqual([
      "packages/core/README.md:5 opts out of checks without a reason",
      "packages/core/README.md has no executed example that ends in an assertion",
    ]);
  });
});

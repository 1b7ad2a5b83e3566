import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { workspaceRoot } from "../bin/bootstrap.mjs";
import { collectExamples } from "../src/collect-examples.ts";
import { runExamples } from "../src/run-examples.ts";
import { fakeWorkspace, libraryManifest } from "./fake-workspace.ts";

const fence = "```";
const example = (code: string): string => `${fence}ts\n${code}\n${fence}\n`;

describe("runExamples", () => {
  it("reports what does not compile, throws or ends the process, where it stands, and nothing else", async () => {
    const root = fakeWorkspace({
      "packages/core/package.json": libraryManifest("@haps/core"),
      "packages/core/src/index.ts": 'export { area } from "./area.ts";\n',
      "packages/core/dist/index.d.ts": "export declare function area(side: number): number;\n",
      "packages/core/dist/index.js": "export const area = (side) => side * side;\n",
      "packages/core/src/area.ts": `/**\n${example("assert.equal(area(2), 4);")}${example("process.exit(area(2));")}*/\n`,
      "packages/core/README.md": `${example('import { area } from "@haps/core";\narea("2");')}${example('throw new Error("no area");')}`,
    });
    mkdirSync(join(root, "node_modules/@typescript"), { recursive: true });
    mkdirSync(join(root, "node_modules/@types"), { recursive: true });
    for (const name of ["@typescript/native", "@types/node"]) {
      symlinkSync(join(workspaceRoot, "node_modules", name), join(root, "node_modules", name), "junction");
    }
    const problems = await runExamples(root, join(root, "run"), collectExamples(root).examples);
    expect(problems.map(({ file, line, message }) => `${file}:${line} ${message.split("\n", 1)[0]}`)).toEqual([
      expect.stringMatching(/^packages\/core\/README\.md:3 example: error TS2345/),
      "packages/core/README.md:6 example throws: Error: no area",
      expect.stringMatching(/^packages\/core\/src\/area\.ts:6 example ends the process/),
    ]);
  }, 60_000);
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** Makes a workspace of the given files in a temporary folder, which goes when the test ends; objects become JSON. */
export function fakeWorkspace(files: Readonly<Record<string, string | object>>): string {
  const root = mkdtempSync(join(tmpdir(), "haps-fake-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
  }
  return root;
}

/** A manifest that breaks no rule, with some fields exchanged. */
export function libraryManifest(name: string, fields: object = {}): object {
  return {
    name,
    version: "1.2.3",
    license: "MIT",
    type: "module",
    sideEffects: false,
    exports: {
      ".": { "@haps/source": "./src/index.ts", types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./package.json": "./package.json",
    },
    files: ["dist", "src", "!**/*.tsbuildinfo"],
    ...fields,
  };
}

/** `file:line message` of each problem, as the checks show them. */
export function shown(problems: readonly { file: string; line?: number; message: string }[]): readonly string[] {
  return problems.map(({ file, line, message }) => `${file}${line === undefined ? "" : `:${line}`} ${message}`);
}

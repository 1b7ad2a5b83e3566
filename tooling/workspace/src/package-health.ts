import { readFileSync } from "node:fs";
import { checkPackage, createPackageFromTarballData, type Problem as TypeProblem } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import type { Problem } from "./problem.ts";

/** Resolutions that an ESM-only package does not serve: Node 10 and `require` of Node 16. */
const ignoredResolutions = ["node10", "node16-cjs"];

/** What a release holds: manifest, texts, sources, compiled files and their maps. */
const released = /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|src\/.+\.ts|dist\/.+\.(js|d\.ts)(\.map)?)$/;

/**
 * Lints a tarball as publint does in strict mode (every suggestion counts), asks attw whether its types resolve for ESM
 * and bundlers, and refuses files that do not belong in a release.
 */
export async function checkPackageHealth(name: string, tarball: string): Promise<readonly Problem[]> {
  const bytes = new Uint8Array(readFileSync(tarball));
  const messages = [...(await lint(bytes)), ...(await checkTypes(bytes)), ...unexpectedFiles(bytes)];
  return messages.map((message) => ({ file: name, message }));
}

async function lint(bytes: Uint8Array<ArrayBuffer>): Promise<readonly string[]> {
  const { messages, pkg } = await publint({ strict: true, pack: { tarball: bytes.buffer } });
  return messages.map((message) => `publint: ${formatMessage(message, pkg ?? {}, { color: false }) ?? message.code}`);
}

async function checkTypes(bytes: Uint8Array): Promise<readonly string[]> {
  const analysis = await checkPackage(createPackageFromTarballData(bytes));
  if (analysis.types === false) return ["attw: the package has no types"];
  return analysis.problems.filter(counts).map((problem) => `attw: ${problem.kind} ${JSON.stringify(problem)}`);
}

function counts(problem: TypeProblem): boolean {
  return !("resolutionKind" in problem && ignoredResolutions.includes(problem.resolutionKind));
}

function unexpectedFiles(bytes: Uint8Array): readonly string[] {
  const content = createPackageFromTarballData(bytes);
  const prefix = `/node_modules/${content.packageName}/`;
  return content
    .listFiles()
    .map((path) => path.replace(prefix, ""))
    .filter((path) => !released.test(path))
    .map((path) => `holds ${path}, which does not belong in a release; narrow "files"`);
}

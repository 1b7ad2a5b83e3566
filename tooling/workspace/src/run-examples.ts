import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LocatedExample } from "./collect-examples.ts";
import { createLinkedProject } from "./linked-project.ts";
import type { Problem } from "./problem.ts";
import { runCommand } from "./run-command.ts";

const compilerOptions = {
  target: "ES2022",
  lib: ["ES2023"],
  module: "NodeNext",
  moduleResolution: "NodeNext",
  moduleDetection: "force",
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  sourceMap: true,
  rootDir: "examples",
  outDir: "compiled",
};

/**
 * Type-checks examples against the built packages and runs them, one process per package, in a project of their own.
 *
 * @param folder - Empty folder for that project; the caller removes it.
 * @returns What does not compile, throws, or ends the process, at the line of the file the example stands in.
 */
export async function runExamples(
  root: string,
  folder: string,
  examples: readonly LocatedExample[],
): Promise<readonly Problem[]> {
  createLinkedProject(root, folder);
  mkdirSync(join(folder, "examples"), { recursive: true });
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["examples"] }));
  const named = new Map(examples.map((example) => [nameOf(example), example]));
  for (const [name, { source }] of named) writeFileSync(join(folder, "examples", `${name}.ts`), source);

  const compiler = join(root, "node_modules/@typescript/native/bin/tsc");
  const compiled = await runCommand(process.execPath, [compiler, "-p", folder, "--pretty", "false"], { cwd: folder });
  const typeProblems = compiled.ok ? [] : readTypeProblems(compiled.output, named);
  const broken = new Set(typeProblems.map(({ name }) => name));
  if (!compiled.ok && broken.size === 0) throw new Error(`the examples could not be compiled:\n${compiled.output}`);

  const owners = [...new Set(examples.map(({ owner }) => owner))];
  const runs = owners.map((owner) => {
    const own = [...named].filter(([name, example]) => example.owner === owner && !broken.has(name));
    return () => runOwner(folder, owner, new Map(own));
  });
  const ran = await twoAtATime(runs);
  return [...typeProblems.map(({ problem }) => problem), ...ran.flat()];
}

function nameOf({ file, line }: LocatedExample): string {
  return `${file.replace(/\.(ts|md)$/, "").replaceAll(/[^\w-]+/g, "_")}_${line}`;
}

function readTypeProblems(
  output: string,
  named: ReadonlyMap<string, LocatedExample>,
): readonly { readonly name: string; readonly problem: Problem }[] {
  return output.split(/\n(?=\S)/).flatMap((text) => {
    const match = /^examples[\\/](?<name>.+)\.ts\((?<line>\d+),\d+\): (?<message>[\s\S]+)$/.exec(text.trim());
    const example = named.get(match?.groups?.name ?? "");
    if (match?.groups === undefined || example === undefined) return [];
    const { name = "", line, message = "" } = match.groups;
    return [{ name, problem: { file: example.file, line: Number(line), message: `example: ${message}` } }];
  });
}

async function runOwner(
  folder: string,
  owner: string,
  own: ReadonlyMap<string, LocatedExample>,
): Promise<readonly Problem[]> {
  if (own.size === 0) return [];
  const results = join(folder, `${owner}.json`);
  const files = new Map([...own].map(([name, example]) => [join(folder, "compiled", `${name}.js`), example]));
  const runner = join(import.meta.dirname, "../bin/run-examples.mjs");
  const args = ["--enable-source-maps", runner, results, ...files.keys()];
  const { output } = await runCommand(process.execPath, args, { cwd: folder, limitSeconds: 120 });
  const outcomes = existsSync(results)
    ? (JSON.parse(readFileSync(results, "utf8")) as Readonly<Record<string, string | null>>)
    : {};
  const unfinished = [...files.keys()].find((path) => !(path in outcomes));
  return [...files].flatMap(([path, { file, line }]) => {
    const outcome = outcomes[path];
    if (typeof outcome === "string") return [{ file, line, message: `example throws: ${outcome}` }];
    return path === unfinished ? [{ file, line, message: `example ends the process: ${output}` }] : [];
  });
}

async function twoAtATime<Result>(jobs: readonly (() => Promise<Result>)[]): Promise<readonly Result[]> {
  const results: Result[] = [];
  const queue = jobs.map((job, index) => ({ job, index }));
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) results[next.index] = await next.job();
  };
  await Promise.all([worker(), worker()]);
  return results;
}

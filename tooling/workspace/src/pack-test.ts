import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { arrowMap } from "./arrow-map.ts";
import type { Tarball } from "./pack-packages.ts";
import { type CommandResult, runCommand } from "./run-command.ts";
import type { WorkspacePackage } from "./workspace-package.ts";

const consumer = join(import.meta.dirname, "../consumer");

/** What the pack test found: the first failure ends it. */
export interface PackTestResult {
  readonly ok: boolean;
  readonly output: string;
  /** One line per thing that was tried and works. */
  readonly notes: readonly string[];
}

/** Paths of examples that users get to see, which must work where the tarballs are installed. */
export interface PackTestExamples {
  /** A module with an own router. */
  readonly router: string;
  /** Programs that run alone; their last line on standard output is a note. */
  readonly programs: readonly string[];
}

/** A project outside the workspace into which tarballs are installed with npm. */
interface ConsumerProject {
  readonly folder: string;
  readonly tarballs: readonly Tarball[];
  /** Versions of what the user brings along: the peers. */
  readonly peers: Readonly<Record<string, string>>;
}

/**
 * Installs the tarballs as a user would, with npm into empty projects outside the workspace, and uses them there:
 * every entry imports, one tfjs engine is shared, the tensor-free packages bring no `@tensorflow/*`, a router module of
 * one's own works, the programs among the examples run.
 *
 * @param folder - Empty folder outside the workspace; the caller removes it.
 */
export async function runPackTest(
  folder: string,
  tarballs: readonly Tarball[],
  examples: PackTestExamples,
): Promise<PackTestResult> {
  const peers = tensorPeers(tarballs.map((tarball) => tarball.package));
  const all: ConsumerProject = { folder: allProject(folder), tarballs, peers };
  const free: ConsumerProject = {
    folder: join(folder, "without-tensors"),
    tarballs: tarballs.filter((tarball) => arrowMap[tarball.package.id]?.tensorFree !== undefined),
    peers: {},
  };
  const libraries = tarballs.map((tarball) => tarball.package);
  const onTensors = libraries.filter(({ manifest }) => "@tensorflow/tfjs" in (manifest.peerDependencies ?? {}));
  const steps: readonly (() => Promise<CommandResult>)[] = [
    () => installInto(all),
    () => runConsumer(all.folder, "import-all.mjs", libraries.flatMap(entriesOf)),
    () =>
      runConsumer(
        all.folder,
        "one-engine.mjs",
        onTensors.map(({ manifest }) => manifest.name),
      ),
    () => useRouter(all.folder, examples.router),
    ...examples.programs.map((program) => () => runProgram(all.folder, program)),
    () => installInto(free),
    () => Promise.resolve(checkNoTensors(free.folder)),
    () =>
      runConsumer(
        free.folder,
        "import-all.mjs",
        free.tarballs.flatMap((one) => tensorFreeEntries(one.package)),
      ),
  ];
  let output = "";
  const notes: string[] = [];
  for (const step of steps) {
    const result = await step();
    output += result.output;
    if (!result.ok) return { ok: false, output, notes };
    const note = result.stdout.trim().split("\n").at(-1);
    if (note && !note.startsWith("added ")) notes.push(note);
  }
  return { ok: true, output, notes };
}

/** The project of {@link runPackTest} in which every library is installed. */
export function allProject(folder: string): string {
  return join(folder, "all");
}

/** The specifiers under which a package can be imported. */
export function entriesOf({ manifest }: WorkspacePackage): readonly string[] {
  return Object.entries(manifest.exports ?? {})
    .filter(([, target]) => typeof target !== "string")
    .map(([entry]) => manifest.name + entry.slice(1));
}

function tensorFreeEntries(one: WorkspacePackage): readonly string[] {
  const free = arrowMap[one.id]?.tensorFree ?? [];
  return free.includes(".") ? entriesOf(one) : free.map((entry) => `${one.manifest.name}/${entry}`);
}

function tensorPeers(packages: readonly WorkspacePackage[]): Readonly<Record<string, string>> {
  const peers: Record<string, string> = {};
  for (const { manifest } of packages) {
    for (const [name, version] of Object.entries(manifest.peerDependencies ?? {})) {
      if (name === "@tensorflow/tfjs" || name === "@tensorflow/tfjs-backend-wasm") peers[name] = version;
    }
  }
  return peers;
}

/** Both `dependencies` and `overrides` point at the tarballs, so that no `@haps/*` is ever asked of a registry. */
function installInto({ folder, tarballs, peers }: ConsumerProject): Promise<CommandResult> {
  mkdirSync(folder, { recursive: true });
  const local = Object.fromEntries(tarballs.map((one) => [one.package.manifest.name, `file:${one.path}`]));
  const manifest = {
    name: "consumer",
    private: true,
    type: "module",
    dependencies: { ...local, ...peers },
    overrides: local,
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  return runCommand(process.platform === "win32" ? "npm.cmd" : "npm", ["install", ...flags], { cwd: folder });
}

/** Runs one of the consumer programs inside a project, with another Node where one is given. */
export function runConsumer(
  folder: string,
  program: string,
  args: readonly string[],
  node = process.execPath,
): Promise<CommandResult> {
  return runProgram(folder, join(consumer, program), args, node);
}

function runProgram(
  folder: string,
  path: string,
  args: readonly string[] = [],
  node = process.execPath,
): Promise<CommandResult> {
  const program = basename(path);
  copyFileSync(path, join(folder, program));
  return runCommand(node, [program, ...args], { cwd: folder, limitSeconds: 60 });
}

function useRouter(folder: string, router: string): Promise<CommandResult> {
  copyFileSync(router, join(folder, "mine.mjs"));
  return runConsumer(folder, "use-custom-router.mjs", ["mine.mjs"]);
}

function checkNoTensors(folder: string): CommandResult {
  const found = existsSync(join(folder, "node_modules/@tensorflow"));
  const output = found ? `${folder}/node_modules/@tensorflow exists, but nothing installed there needs tensors\n` : "";
  return { ok: !found, output, stdout: found ? "" : "no @tensorflow/* where none is needed" };
}

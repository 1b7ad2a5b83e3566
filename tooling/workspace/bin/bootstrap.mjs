#!/usr/bin/env node
/**
 * Makes a fresh clone runnable with nothing but Node and npm: checks Node, installs the locked dependencies with the
 * pinned pnpm, compiles the packages. Does nothing, in a few milliseconds, when all of that is up to date.
 * Reports on stderr, so that the standard output of whatever runs next stays clean. Imports nothing but Node.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The workspace this file belongs to. */
export const workspaceRoot = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");

/** A reason why the workspace cannot run, with what to do about it; shown without a stack. */
export class BootstrapError extends Error {
  constructor(message, exitCode = 1) {
    super(message);
    this.name = "BootstrapError";
    this.exitCode = exitCode;
  }
}

/** Settings of every child process: no telemetry, no update notices, no questions. */
export function quietEnvironment(environment = process.env) {
  return {
    ...environment,
    DO_NOT_TRACK: "1",
    TURBO_TELEMETRY_DISABLED: "1",
    NO_UPDATE_NOTIFIER: "1",
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_loglevel: "error",
    npm_config_update_notifier: "false",
  };
}

/** The arguments for `npx` that run the pinned pnpm; `--prefer-offline` spares a look at the registry once it is there. */
export function pnpmArguments(root = workspaceRoot) {
  const { packageManager } = readJson(join(root, "package.json"));
  return ["-y", "--prefer-offline", packageManager];
}

/** Refuses a Node.js older than `engines.node` of the root package. */
export function checkNode(version = process.versions.node, root = workspaceRoot) {
  const { engines } = readJson(join(root, "package.json"));
  const needed = engines.node.replace(/^>=/, "");
  if (compareVersions(version, needed) < 0) {
    throw new BootstrapError(
      `HAPS needs Node.js ${needed} or newer (20 and 22 are tested); this is ${version}. ` +
        `Install one from https://nodejs.org, or with a version manager: "nvm install 22"; then run the command again.`,
    );
  }
}

/** Installs the locked dependencies when they are missing or the lockfile or a manifest changed. */
export function install(root = workspaceRoot, report = reportLine) {
  const stamp = join(root, "node_modules/.haps/install");
  const key = hashOf(manifestPaths(root).map((path) => `${relative(root, path)}\n${readFileSync(path, "utf8")}`));
  if (existsSync(join(root, "node_modules/.modules.yaml")) && readStamp(stamp) === key) return false;
  const finish = report("install", "dependencies from the npm registry");
  const flags = ["install", "--frozen-lockfile", "--reporter=append-only", "--config.confirm-modules-purge=false"];
  const { status, output } = runQuietly("npx", [...pnpmArguments(root), ...flags], root);
  if (status !== 0) {
    finish("failed");
    throw new BootstrapError(installAdvice(output));
  }
  writeStamp(stamp, key);
  finish();
  return true;
}

/** Compiles the packages, the command line and the benchmarks when a source is newer than the last build. */
export function build(root = workspaceRoot, report = reportLine) {
  const stamp = join(root, "node_modules/.haps/build");
  const key = hashOf(sourcePaths(root).map((path) => fileMark(root, path)));
  const built = packageFolders(root).every((folder) => existsSync(join(folder, "dist/.tsbuildinfo")));
  if (built && readStamp(stamp) === key) return false;
  const finish = report("build", "packages");
  removeOrphans(root);
  const compiler = join(root, "node_modules/@typescript/native/bin/tsc");
  const projects = packageFolders(root).map((folder) => join(folder, "tsconfig.build.json"));
  const { status, output } = runQuietly(process.execPath, [compiler, "-b", "--pretty", "false", ...projects], root);
  if (status !== 0) {
    finish("failed");
    throw new BootstrapError(`The packages do not compile:\n${output.trim()}`);
  }
  writeStamp(stamp, key);
  finish();
  return true;
}

/** Node check, install and build in order; returns whether anything had to be done. */
export function bootstrap(root = workspaceRoot, report = reportLine) {
  checkNode(process.versions.node, root);
  const installed = install(root, report);
  const built = build(root, report);
  return installed || built;
}

/** Runs `work` and turns a {@link BootstrapError} into one readable message and an exit code. */
export async function orExplain(work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(error.exitCode);
  }
}

/** Deletes compiled files whose source is gone: `tsc -b` leaves them, and they would be packed and imported. */
export function removeOrphans(root = workspaceRoot) {
  const removed = [];
  for (const folder of packageFolders(root)) {
    for (const path of filesUnder(join(folder, "dist"))) {
      const source = relative(join(folder, "dist"), path).replace(/(\.d\.ts|\.js)(\.map)?$/, ".ts");
      if (!source.endsWith(".ts") || existsSync(join(folder, "src", source))) continue;
      rmSync(path);
      removed.push(path);
    }
  }
  return removed;
}

/** Folders of everything that is compiled: every workspace package with a build project. */
export function packageFolders(root = workspaceRoot) {
  return ["packages", "apps", "tooling"].flatMap((group) =>
    namesIn(join(root, group))
      .map((name) => join(root, group, name))
      .filter((folder) => existsSync(join(folder, "tsconfig.build.json"))),
  );
}

function installAdvice(output) {
  const details = output.trim().split("\n").slice(-12).join("\n");
  if (
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|META_FETCH_FAIL|fetch failed|CERT/i.test(output)
  ) {
    return (
      `${details}\n\nThe npm registry could not be reached. Check the network or the proxy (HTTPS_PROXY) and which registry ` +
      `is used ("npm config get registry"), then run the command again. No other host is needed.`
    );
  }
  if (/OUTDATED_LOCKFILE|LOCKFILE_CONFIG_MISMATCH/.test(output)) {
    return (
      `${details}\n\nA package.json and pnpm-lock.yaml disagree. ` +
      `Run "npx -y ${readJson(join(workspaceRoot, "package.json")).packageManager} install" and commit the lockfile.`
    );
  }
  return `${details}\n\nInstalling the dependencies failed; the lines above are the end of what pnpm said.`;
}

function manifestPaths(root) {
  const manifests = packageFolders(root).map((folder) => join(folder, "package.json"));
  const shared = ["package.json", "pnpm-lock.yaml", "pnpm-workspace.yaml"].map((name) => join(root, name));
  return [...shared, ...manifests].filter((path) => existsSync(path));
}

function sourcePaths(root) {
  const own = packageFolders(root).flatMap((folder) => [
    ...filesUnder(join(folder, "src")),
    join(folder, "package.json"),
    join(folder, "tsconfig.build.json"),
  ]);
  return [join(root, "tsconfig.base.json"), join(root, "pnpm-lock.yaml"), ...own];
}

function fileMark(root, path) {
  const { size, mtimeMs } = statSync(path);
  return `${relative(root, path).split(sep).join("/")} ${size} ${mtimeMs}`;
}

function hashOf(parts) {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}\n`);
  for (const part of parts) hash.update(part).update("\n");
  return hash.digest("hex");
}

function readStamp(path) {
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}

function writeStamp(path, key) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${key}\n`);
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

function namesIn(folder) {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function filesUnder(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(path) : [path];
  });
}

function compareVersions(left, right) {
  const [a, b] = [left, right].map((version) => version.split(".").map((part) => Number.parseInt(part, 10) || 0));
  for (let index = 0; index < 3; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function runQuietly(command, args, cwd) {
  const onWindows = process.platform === "win32" && command === "npx";
  const result = spawnSync(command, args, {
    cwd,
    env: quietEnvironment(),
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    shell: onWindows,
  });
  if (result.error)
    throw new BootstrapError(`"${command}" could not be started (${result.error.message}). It comes with npm.`);
  if (result.signal) throw new BootstrapError(`stopped by ${result.signal}`, 130);
  return { status: result.status, output: `${result.stdout}${result.stderr}` };
}

/** Writes what begins, then, on the same line, how long it took. */
function reportLine(name, what) {
  const start = performance.now();
  process.stderr.write(`${name.padEnd(8)} ${what} ... `);
  return (outcome = "") => {
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    process.stderr.write(`${outcome ? `${outcome} after ` : ""}${seconds} s\n`);
  };
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await orExplain(() => bootstrap());
}

import { chmodSync, existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { BootstrapError, build, checkNode, install, pnpmArguments, removeOrphans } from "../bin/bootstrap.mjs";
import { fakeWorkspace } from "./fake-workspace.ts";

const silent = () => (): void => undefined;
const compilerPath = "node_modules/@typescript/native/bin/tsc";

/** Stands in for the compiler: counts its runs and writes what a build leaves. */
const fakeCompiler = `
const { appendFileSync, mkdirSync, writeFileSync } = require("node:fs");
appendFileSync("runs.log", "run\\n");
mkdirSync("packages/core/dist", { recursive: true });
writeFileSync("packages/core/dist/.tsbuildinfo", "{}");
if (process.env.FAKE_TSC_FAILS) { console.log("index.ts(1,1): error TS1: wrong"); process.exitCode = 2; }
`;

const files = {
  "package.json": { packageManager: "pnpm@12.21.0", engines: { node: ">=20.19" } },
  "pnpm-lock.yaml": "lockfileVersion: 9\n",
  "tsconfig.base.json": "{}",
  "packages/core/package.json": { name: "@haps/core" },
  "packages/core/tsconfig.build.json": "{}",
  "packages/core/src/index.ts": "export {};\n",
  [compilerPath]: fakeCompiler,
};

/** Puts a program named npx first on the path: it logs its arguments and does what `script` says. */
function withNpx(root: string, script: string): () => readonly string[] {
  const log = join(root, "npx.log");
  const path = join(root, "npx");
  writeFileSync(path, `#!/bin/sh\necho "$@" >> "${log}"\n${script}\n`);
  chmodSync(path, 0o755);
  vi.stubEnv("PATH", `${root}${delimiter}${process.env.PATH ?? ""}`);
  return () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []);
}

function thrownBy(work: () => unknown): BootstrapError {
  try {
    work();
  } catch (error) {
    if (error instanceof BootstrapError) return error;
  }
  throw new Error("no BootstrapError");
}

describe("checkNode", () => {
  it("accepts the oldest Node of engines.node and newer ones", () => {
    const root = fakeWorkspace(files);
    for (const version of ["20.19.0", "20.20.2", "22.0.0", "26.1.0"]) expect(checkNode(version, root)).toBeUndefined();
  });

  it("refuses an older one and says which is needed and how to get it", () => {
    const root = fakeWorkspace(files);
    expect(() => checkNode("20.9.0", root)).toThrow(/needs Node\.js 20\.19 or newer.*this is 20\.9\.0.*nodejs\.org/);
    expect(() => checkNode("18.20.0", root)).toThrow(BootstrapError);
  });
});

describe.skipIf(process.platform === "win32")("install", () => {
  const works = "mkdir -p node_modules && touch node_modules/.modules.yaml";

  it("runs the pinned pnpm with a frozen lockfile once, and again when a manifest changes", () => {
    const root = fakeWorkspace(files);
    const calls = withNpx(root, works);
    expect(install(root, silent)).toBe(true);
    expect(install(root, silent)).toBe(false);
    expect(calls()).toHaveLength(1);
    expect(calls()[0]).toMatch(/^-y --prefer-offline pnpm@12\.21\.0 install --frozen-lockfile/);
    writeFileSync(join(root, "packages/core/package.json"), '{"name":"@haps/core","dependencies":{}}');
    expect(install(root, silent)).toBe(true);
  });

  it("installs again when node_modules is gone", () => {
    const root = fakeWorkspace(files);
    const calls = withNpx(root, works);
    install(root, silent);
    rmSync(join(root, "node_modules"), { recursive: true });
    install(root, silent);
    expect(calls()).toHaveLength(2);
  });

  it.each([
    ["ERR_PNPM_META_FETCH_FAIL getaddrinfo ENOTFOUND registry", /registry could not be reached.*HTTPS_PROXY/s],
    ["ERR_PNPM_OUTDATED_LOCKFILE", /package\.json and pnpm-lock\.yaml disagree/],
    ["something else", /something else\n\nInstalling the dependencies failed/],
  ])("says what to do after %s, and does not remember a failed install", (output, advice) => {
    const root = fakeWorkspace(files);
    const calls = withNpx(root, `echo "${output}" >&2; exit 1`);
    expect(thrownBy(() => install(root, silent)).message).toMatch(advice);
    expect(thrownBy(() => install(root, silent)).exitCode).toBe(1);
    expect(calls()).toHaveLength(2);
  });

  it("takes the version of pnpm from the root package", () => {
    expect(pnpmArguments(fakeWorkspace(files)).at(-1)).toBe("pnpm@12.21.0");
  });
});

describe("build", () => {
  const runs = (root: string): number => readFileSync(join(root, "runs.log"), "utf8").trim().split("\n").length;

  it("compiles once, and again when a source or the compiled output changes", () => {
    const root = fakeWorkspace(files);
    expect(build(root, silent)).toBe(true);
    expect(build(root, silent)).toBe(false);
    const source = join(root, "packages/core/src/index.ts");
    utimesSync(source, new Date(0), new Date(statSync(source).mtimeMs + 5000));
    expect(build(root, silent)).toBe(true);
    rmSync(join(root, "packages/core/dist"), { recursive: true });
    expect(build(root, silent)).toBe(true);
    expect(runs(root)).toBe(3);
  });

  it("shows what the compiler said and compiles again next time", () => {
    const root = fakeWorkspace(files);
    vi.stubEnv("FAKE_TSC_FAILS", "1");
    expect(thrownBy(() => build(root, silent)).message).toBe(
      "The packages do not compile:\nindex.ts(1,1): error TS1: wrong",
    );
    vi.unstubAllEnvs();
    expect(build(root, silent)).toBe(true);
  });
});

describe("removeOrphans", () => {
  it("deletes compiled files without a source and keeps the rest", () => {
    const root = fakeWorkspace({
      ...files,
      "packages/core/dist/index.js": "",
      "packages/core/dist/.tsbuildinfo": "{}",
      "packages/core/dist/gone.js": "",
      "packages/core/dist/deep/gone.d.ts.map": "",
    });
    expect(removeOrphans(root).sort()).toEqual([
      join(root, "packages/core/dist/deep/gone.d.ts.map"),
      join(root, "packages/core/dist/gone.js"),
    ]);
    expect(existsSync(join(root, "packages/core/dist/index.js"))).toBe(true);
    expect(existsSync(join(root, "packages/core/dist/gone.js"))).toBe(false);
  });
});

#!/usr/bin/env node
// `npm test`: installs what is missing, compiles the checks, runs them all. `npm test -- <step>...` runs only those.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { BootstrapError, checkNode, install, workspaceRoot } from "./bootstrap.mjs";

const write = (line) => process.stdout.write(`${line}\n`);
const start = performance.now();
try {
  checkNode();
  install(workspaceRoot);
  compileChecks();
} catch (error) {
  if (!(error instanceof BootstrapError)) throw error;
  write(`${error.message}\n\n0 passed, 1 failed`);
  process.exit(error.exitCode);
}
const seconds = (performance.now() - start) / 1000;
const { runCheck } = await import(pathToFileURL(join(workspaceRoot, "tooling/workspace/dist/run-check.js")).href);
const done = [{ name: "install", outcome: "passed", output: "", seconds }];
process.exitCode = await runCheck({ root: workspaceRoot, only: process.argv.slice(2), done, write });

function compileChecks() {
  const compiler = join(workspaceRoot, "node_modules/@typescript/native/bin/tsc");
  const project = join(workspaceRoot, "tooling/workspace/tsconfig.build.json");
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, "-b", "--pretty", "false", project], {
    encoding: "utf8",
  });
  if (status !== 0) throw new BootstrapError(`The checks themselves do not compile:\n${stdout}${stderr}`.trim());
}

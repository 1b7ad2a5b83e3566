#!/usr/bin/env node
// `npm run -s bench -- [name] --json`: brings the workspace up to date, then runs a benchmark.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { BootstrapError, bootstrap, orExplain, workspaceRoot } from "./bootstrap.mjs";

await orExplain(() => {
  bootstrap();
  const command = join(workspaceRoot, "tooling/bench/dist/cli.js");
  if (!existsSync(command)) throw new BootstrapError(`The benchmarks are missing: ${command} was not built.`);
  return import(pathToFileURL(command).href);
});

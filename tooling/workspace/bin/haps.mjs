#!/usr/bin/env node
// `npm start` and `npm run -s haps -- <command>`: brings the workspace up to date, then runs the `haps` command.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { BootstrapError, bootstrap, orExplain, workspaceRoot } from "./bootstrap.mjs";

await orExplain(() => {
  bootstrap();
  const command = join(workspaceRoot, "apps/reference/dist/bin.js");
  if (!existsSync(command)) throw new BootstrapError(`The haps command is missing: ${command} was not built.`);
  return import(pathToFileURL(command).href);
});

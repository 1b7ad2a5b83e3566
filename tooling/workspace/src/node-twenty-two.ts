import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { allProject, entriesOf, runConsumer } from "./pack-test.ts";
import { runCommand } from "./run-command.ts";
import type { StepResult } from "./step.ts";
import { listPackages, publicPackages } from "./workspace-package.ts";

/** The Node 22 that is tried, as published on the npm registry. */
export const nodeTwentyTwo = "22.23.3";

/**
 * Imports the installed packages of a pack test under Node 22 and asks the built `haps` for its state, with a Node that
 * comes from the npm registry and is kept between runs.
 *
 * @param packFolder - Folder of a passed pack test.
 */
export async function smokeNodeTwentyTwo(root: string, packFolder: string): Promise<StepResult> {
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch)) {
    return { outcome: "skipped", output: "", note: `no Node package for ${process.platform}-${process.arch}` };
  }
  const name = `node-linux-${process.arch}`;
  const folder = join(root, "node_modules/.haps/node-22");
  const node = join(folder, "node_modules", name, "bin/node");
  if (!existsSync(node)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    const installed = await runCommand("npm", ["install", ...flags, `${name}@${nodeTwentyTwo}`], { cwd: folder });
    if (!installed.ok) return { outcome: "failed", output: installed.output };
  }
  const version = await runCommand(node, ["--version"], { cwd: root });
  if (version.stdout.trim() !== `v${nodeTwentyTwo}`) return { outcome: "failed", output: version.output };
  const entries = publicPackages(listPackages(root)).flatMap(entriesOf);
  const imported = await runConsumer(allProject(packFolder), "import-all.mjs", entries, node);
  if (!imported.ok) return { outcome: "failed", output: imported.output };
  const doctor = await runCommand(node, [join(root, "apps/reference/dist/bin.js"), "doctor", "--json"], { cwd: root });
  if (!doctor.ok) return { outcome: "failed", output: doctor.output };
  JSON.parse(doctor.stdout);
  return { outcome: "passed", output: imported.output, note: imported.stdout.trim() };
}

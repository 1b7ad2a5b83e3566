import { join } from "node:path";
import { runCommand } from "./run-command.ts";
import type { StepResult } from "./step.ts";

/** Asks changesets for the release that is due: every changeset must be valid, and changed packages need one. */
export async function changesetStatus(root: string): Promise<StepResult> {
  const base = await baseBranch(root);
  if (base === undefined) return { outcome: "skipped", output: "", note: "no branch main to compare with" };
  const since = base === "main" ? [] : [`--since=${base}`];
  const changeset = join(root, "node_modules/@changesets/cli/bin.js");
  const { ok, output } = await runCommand(process.execPath, [changeset, "status", ...since], { cwd: root });
  return { outcome: ok ? "passed" : "failed", output };
}

async function baseBranch(root: string): Promise<string | undefined> {
  for (const name of ["main", "origin/main"]) {
    const { ok } = await runCommand("git", ["rev-parse", "--verify", "--quiet", `${name}^{commit}`], { cwd: root });
    if (ok) return name;
  }
  return undefined;
}

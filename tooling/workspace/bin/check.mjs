// Everything that `npm test` promises, in order; stops at the first failing step.
import { spawnSync } from "node:child_process";

const pnpm = ["-y", "pnpm@12.21.0"];
const steps = [
  ["install", "npx", [...pnpm, "install", "--frozen-lockfile"]],
  ["types and build", "npx", ["tsc", "-b"]],
  ["tests", "npx", ["vitest", "run"]],
];
for (const [name, command, args] of steps) {
  process.stdout.write(`\n== ${name}\n`);
  const { status } = spawnSync(command, args, { stdio: "inherit", env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" } });
  if (status !== 0) {
    process.stdout.write(`step "${name}" failed\n0 passed, 1 failed\n`);
    process.exit(1);
  }
}

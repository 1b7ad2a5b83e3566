import { describe, expect, it } from "vitest";
import { runCommand } from "../src/run-command.ts";
import { fakeWorkspace } from "./fake-workspace.ts";

const run = (code: string, more: { limitSeconds?: number; environment?: Record<string, string> } = {}) =>
  runCommand(process.execPath, ["-e", code], { cwd: fakeWorkspace({}), ...more });

describe("runCommand", () => {
  it("keeps both streams, and the standard output apart", async () => {
    const result = await run('process.stdout.write("a"); process.stderr.write("b"); process.exitCode = 3;');
    expect(result.ok).toBe(false);
    expect(result.stdout).toBe("a");
    expect([...result.output].sort()).toEqual(["a", "b"]);
  });

  it("asks for no colours and passes what the caller adds", async () => {
    const { stdout } = await run("console.log(process.env.NO_COLOR, process.env.FORCE_COLOR, process.env.EXTRA)", {
      environment: { EXTRA: "yes" },
    });
    expect(stdout.trim()).toBe("1 undefined yes");
  });

  it("says which program could not be started", async () => {
    const result = await runCommand("no-such-program", [], { cwd: fakeWorkspace({}) });
    expect(result.ok).toBe(false);
    expect(result.output).toMatch(/no-such-program could not be started/);
  });

  it("stops a program that takes too long and says so", async () => {
    const result = await run("setInterval(() => undefined, 1000)", { limitSeconds: 0.2 });
    expect(result.ok).toBe(false);
    expect(result.output).toContain("stopped after 0.2 s");
  });
});

import { join } from "node:path";
import { checkArrows } from "./arrows.ts";
import { changesetStatus } from "./changeset-status.ts";
import { collectExamples } from "./collect-examples.ts";
import { checkDocLinks } from "./doc-links.ts";
import { checkFileRules } from "./file-rules.ts";
import { smokeNodeTwentyTwo } from "./node-twenty-two.ts";
import { packPackages, type Tarball } from "./pack-packages.ts";
import { runPackTest } from "./pack-test.ts";
import { checkPackageHealth } from "./package-health.ts";
import { formatProblems, type Problem } from "./problem.ts";
import { runCommand } from "./run-command.ts";
import { runExamples } from "./run-examples.ts";
import type { Step, StepResult } from "./step.ts";
import { readTestCount } from "./test-count.ts";
import { checkTurboTags } from "./turbo-tags.ts";
import { listPackages, publicPackages } from "./workspace-package.ts";

/** Where a check runs. */
export interface CheckPlace {
  /** The workspace. */
  readonly root: string;
  /** Empty folder outside the workspace; the caller removes it. */
  readonly temporary: string;
  /** Processor cores that the tests may fill. */
  readonly cores: number;
}

/**
 * Everything that `npm test` promises, after the install. Long chains stand first, so that short steps fill the second
 * core beside them; the tests fill every core and come last.
 */
export function checkSteps(place: CheckPlace): readonly Step[] {
  const { root, cores } = place;
  const node = (script: string, ...args: readonly string[]): Promise<StepResult> =>
    ended(runCommand(process.execPath, [join(root, script), ...args], { cwd: root }));
  const bin = (name: string, ...args: readonly string[]): Promise<StepResult> => node(`node_modules/${name}`, ...args);
  return [
    { name: "build", cores, run: () => node("tooling/workspace/bin/bootstrap.mjs") },
    { name: "types", needs: ["build"], cores, run: () => bin("@typescript/native/bin/tsc", "-b", "--pretty", "false") },
    ...packSteps(place),
    { name: "examples", needs: ["build"], run: () => examples(place) },
    { name: "eslint", run: () => bin("eslint/bin/eslint.js", ".", "--no-color") },
    { name: "docs", run: () => bin("typedoc/bin/typedoc", "--emit", "none", "--logLevel", "Warn") },
    { name: "biome", run: () => bin("@biomejs/biome/bin/biome", "ci", ".", "--colors=off", "--max-diagnostics=60") },
    { name: "arrows", run: () => problems(() => [...checkArrows(root), ...checkTurboTags(root)]) },
    { name: "boundaries", run: () => bin("turbo/bin/turbo", "boundaries", "--no-color", "--no-update-notifier") },
    { name: "files", run: () => problems(() => [...checkFileRules(root), ...checkDocLinks(root)]) },
    { name: "changesets", run: () => changesetStatus(root) },
    { name: "tests", needs: ["build"], cores, run: () => tests(place) },
  ];
}

/** Tarballs, what linters say of them, and what becomes of them in the hands of a user on this Node and on Node 22. */
function packSteps({ root, temporary }: CheckPlace): readonly Step[] {
  const folder = join(temporary, "pack");
  let tarballs: readonly Tarball[] = [];
  const pack = async (): Promise<StepResult> => {
    tarballs = await packPackages(root, publicPackages(listPackages(root)), folder);
    return { outcome: "passed", output: "", note: `${tarballs.length} tarballs` };
  };
  const lint = async (): Promise<StepResult> => {
    const found = await Promise.all(tarballs.map((one) => checkPackageHealth(one.package.manifest.name, one.path)));
    return ofProblems(found.flat());
  };
  const install = async (): Promise<StepResult> => {
    const example = (name: string): string => join(root, "apps/reference/examples", name);
    const examples = { router: example("custom-router.mjs"), programs: [example("joint-lora.mjs")] };
    const { ok, output, notes } = await runPackTest(folder, tarballs, examples);
    return { outcome: ok ? "passed" : "failed", output, note: notes.join("; ") };
  };
  return [
    { name: "pack", needs: ["build"], run: pack },
    { name: "installed", needs: ["pack"], run: install },
    { name: "node 22", needs: ["installed"], run: () => smokeNodeTwentyTwo(root, folder) },
    { name: "tarballs", needs: ["pack"], run: lint },
  ];
}

async function tests({ root, temporary, cores }: CheckPlace): Promise<StepResult> {
  const report = join(temporary, "tests.json");
  const flags = ["--reporter=dot", "--reporter=json", `--outputFile.json=${report}`, `--maxWorkers=${cores}`];
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const { ok, output } = await runCommand(process.execPath, [vitest, "run", ...flags], {
    cwd: root,
    limitSeconds: 1200,
  });
  const count = readTestCount(report);
  if (count === undefined) return { outcome: "failed", output: `${output}\nvitest wrote no report\n` };
  const note = `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`;
  return { outcome: ok ? "passed" : "failed", output, note, tests: count };
}

async function examples({ root, temporary }: CheckPlace): Promise<StepResult> {
  const collected = collectExamples(root);
  const ran = await runExamples(root, join(temporary, "examples"), collected.examples);
  const found = [...collected.problems, ...ran];
  const broken = new Set(ran.map(({ file, line }) => `${file}:${line}`)).size;
  const passed = Math.max(0, collected.examples.length - broken);
  const note = `${passed} of ${collected.examples.length} run; ${collected.unchecked} marked no-check`;
  return { ...ofProblems(found), note, tests: { passed, failed: found.length, skipped: 0 } };
}

async function ended(command: Promise<{ readonly ok: boolean; readonly output: string }>): Promise<StepResult> {
  const { ok, output } = await command;
  return { outcome: ok ? "passed" : "failed", output };
}

function problems(find: () => readonly Problem[]): Promise<StepResult> {
  return Promise.resolve(ofProblems(find()));
}

function ofProblems(found: readonly Problem[]): StepResult {
  if (found.length === 0) return { outcome: "passed", output: "" };
  return { outcome: "failed", output: formatProblems(found), note: `${found.length} problems` };
}

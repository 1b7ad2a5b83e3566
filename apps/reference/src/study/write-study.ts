import { nodeFiles, writeFileAtomic } from "@haps/run";
import { habitWords } from "../pool/habit-words.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { type FinishedStudy, openFinished } from "./run-study.ts";
import { studyMarkdown } from "./study-markdown.ts";
import type { StudyResult } from "./study-result.ts";
import { studyTables } from "./study-tables.ts";
import { summariseStudy } from "./summarise-study.ts";

/** What a study leaves behind. */
export interface StudyFiles {
  readonly result: StudyResult;
  /** Tables for the terminal. */
  readonly text: string;
  readonly markdownFile: string;
  readonly reportFile: string;
}

/**
 * Summarises a finished study and writes `result.json`, `results.md` and the report into its folder.
 *
 * @param traces - Printed episodes for the report. Default none.
 */
export async function writeStudy(
  study: FinishedStudy,
  seeds: readonly number[],
  terminal: Terminal,
  traces: readonly string[] = [],
): Promise<StudyFiles> {
  const context = await openFinished(study);
  try {
    const { folder, config, manifest, setting, outcomes } = context;
    const result = summariseStudy({
      config,
      seeds,
      units: study.records,
      outcomes,
      openings: study.openings,
      habits: habitWords(config.benchmark),
      provenance: {
        test: setting.benchmark.hashes.test,
        ...Object.fromEntries(Object.entries(setting.pool.hashes).map(([id, hash]) => [`model ${id}`, hash])),
        program: manifest.versions.haps ?? "unknown",
        backend: manifest.backend,
      },
    });
    const write = (name: string, text: string): Promise<void> =>
      writeFileAtomic(nodeFiles, `${folder}/${name}`, new TextEncoder().encode(text));
    await write("result.json", `${JSON.stringify(result)}\n`);
    await write("results.md", studyMarkdown([result]));
    // The charts take a second to load, which other commands need not wait for.
    const { renderStudyReport } = await import("../report/study/render-study-report.ts");
    await write("report.html", renderStudyReport(result, { traces }));
    return {
      result,
      text: studyTables(result, terminal.colours),
      markdownFile: `${folder}/results.md`,
      reportFile: `${folder}/report.html`,
    };
  } finally {
    await context.dispose();
  }
}

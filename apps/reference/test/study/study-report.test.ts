import { describe, expect, it } from "vitest";
import { renderStudyReport } from "../../src/report/study/render-study-report.ts";
import type { StudyResult } from "../../src/study/study-result.ts";
import { summariseStudy } from "../../src/study/summarise-study.ts";
import { studyInput } from "./study-fixture.ts";

const result = summariseStudy(studyInput());
const traces = ["first <b>episode</b>", "second\u001b[31m", "third & last"];
const page = renderStudyReport(result, { traces });

/** The text between tags, as a person would read it. */
function wordsOf(markup: string): string {
  return markup
    .replace(/<style>.*?<\/style>/gs, "")
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&")
    .replace(/\s+/g, " ");
}

function sectionOf(markup: string, id: string): string {
  const start = markup.indexOf(`aria-labelledby="${id}">`);
  expect(start, `section ${id}`).toBeGreaterThan(-1);
  return markup.slice(start, markup.indexOf("</section>", start));
}

describe("renderStudyReport", () => {
  it("gives the same bytes for the same result, names no host and runs nothing", () => {
    expect(renderStudyReport(summariseStudy(studyInput()), { traces })).toBe(page);
    expect(page).not.toMatch(/https?:|(?:src|href|url)\s*[=(]\s*["']?\/\//i);
    expect(page).not.toMatch(/<script|<iframe|<object|@import|\son\w+\s*=/i);
    expect(page).toContain("default-src 'none'");
    expect(Buffer.byteLength(page)).toBeLessThan(500_000);
  });

  it("has a section for every link, no id twice, and as many cells in every row as columns", () => {
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    const links = [...page.matchAll(/<a href="#([^"]+)"/g)].map((match) => match[1]);
    expect(links).toHaveLength(9);
    for (const link of links) expect(ids).toContain(link);
    const tables = [...page.matchAll(/<table.*?<\/table>/gs)].map((match) => match[0]);
    expect(tables).toHaveLength(7);
    for (const table of tables) {
      const columns = table.match(/<th scope="col"/g)?.length;
      const rows = [...table.matchAll(/<tr(?! class="group")[^>]*>(?:(?!<\/tr>).)*<\/tr>/gs)].map((match) => match[0]);
      expect(rows.length).toBeGreaterThan(1);
      for (const row of rows) expect(row.match(/<t[hd][ >]/g)).toHaveLength(columns ?? 0);
    }
  });

  it("says constructed habits over every section with figures, in captions and in what plots say", () => {
    for (const id of ["comparisons", "methods", "cost", "training", "kinds", "traces"]) {
      expect(sectionOf(page, id)).toMatch(/<h2[^>]*>[^<]*<span class="simulated">constructed habits<\/span>/);
    }
    for (const [caption] of page.matchAll(/<caption>.*?<\/caption>/gs))
      expect(caption).toContain("(constructed habits)");
    const plots = [...page.matchAll(/<svg role="img" aria-label="([^"]*)"/g)].map((match) => match[1] as string);
    expect(plots).toHaveLength(6);
    for (const alt of plots) expect(alt).toContain("(constructed habits)");
    expect(plots[0]).toContain("minus no-low +0.1000 [+0.1000, +0.1000]");
    expect(plots.at(-1)).toContain("seed 3 from 0.500 to 0.700");
  });

  it("numbers points of cost and quality as the legend does, those in one place together", () => {
    const cost = sectionOf(page, "cost");
    // haps and haps-random both score 0.6 at a cost of 3.
    expect(wordsOf(cost)).toMatch(/1 haps 0\.6000 at 3 2 haps-cost-first .* 4 haps-random 0\.6000 at 3/);
    expect(cost.match(/>1, 4</g)).toHaveLength(2);
    expect(wordsOf(cost)).not.toContain("best-single");
  });

  it("shows every method, the openings of test, habits and the command", () => {
    const methods = wordsOf(sectionOf(page, "methods"));
    for (const { id, description } of result.methods) expect(methods).toContain(`${id} ${description}`);
    expect(wordsOf(sectionOf(page, "comparisons"))).toContain("not met");
    expect(wordsOf(page)).toContain("Openings of test 1 no choice had seen it");
    expect(wordsOf(sectionOf(page, "limits"))).toContain("a answers one hop too early");
    expect(wordsOf(sectionOf(page, "provenance"))).toContain("npm run -s haps -- experiment made-up --seeds 3");
  });

  it("shows episodes as text, whatever stands in them, and no section without any", () => {
    const words = wordsOf(sectionOf(page, "traces"));
    expect(words).toContain("first <b>episode</b> second\\x1b[31m third & last");
    expect(renderStudyReport(result)).not.toContain('id="traces"');
  });

  it("works for a study of which nothing has run and for one that is too small", () => {
    const empty = wordsOf(renderStudyReport(summariseStudy(studyInput({ units: [] }))));
    expect(empty).toContain("nothing is decided");
    expect(empty).toContain("Missing: haps minus best-router; haps minus no-low");
    const tiny = summariseStudy(studyInput({ questions: 2 }));
    expect(wordsOf(renderStudyReport(tiny))).toContain("too few questions for any test");
  });

  it("turns red where a compared method is worse and stays grey where not everything is met", () => {
    const kind = (markup: string) => /<section class="verdict (\w+)"/.exec(markup)?.[1];
    expect(kind(page)).toBe("none");
    const changed = (changes: Partial<StudyResult["primary"]["comparisons"][number]>): StudyResult => ({
      ...result,
      primary: { ...result.primary, comparisons: result.primary.comparisons.map((one) => ({ ...one, ...changes })) },
    });
    expect(kind(renderStudyReport(changed({ verdict: "met" })))).toBe("gain");
    expect(kind(renderStudyReport(changed({ verdict: "not-met", low: -0.2, high: -0.1 })))).toBe("loss");
  });
});

import { describe, expect, it } from "vitest";
import type { EvaluationResult } from "../src/evaluation/evaluation-result.ts";
import { renderReport } from "../src/report/render-report.ts";
import { bareFixture, reportFixture } from "./report-fixture.ts";

const page = renderReport(reportFixture());

/** The text between tags, as a person would read it. */
function wordsOf(markup: string): string {
  return markup
    .replace(/<style>.*?<\/style>/gs, "")
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&")
    .replace(/\s+/g, " ");
}

/** What stands between the heading with this id and the end of its section. */
function sectionOf(markup: string, id: string): string {
  const start = markup.indexOf(`<section aria-labelledby="${id}">`);
  expect(start, `section ${id}`).toBeGreaterThan(-1);
  return markup.slice(start, markup.indexOf("</section>", start));
}

function withHaps(result: EvaluationResult, low: number, high: number): EvaluationResult {
  const methods = result.summary.methods.map((method) => {
    if (method.name !== "haps") return method;
    return { ...method, versusBestSingle: { difference: (low + high) / 2, low, high } };
  });
  return { ...result, summary: { ...result.summary, methods } };
}

function withTaskTable(result: EvaluationResult, low: number, high: number): EvaluationResult {
  const methods = result.summary.methods.map((method) => {
    if (method.name !== "task-table") return method;
    return { ...method, versusHaps: { difference: (low + high) / 2, low, high } };
  });
  return { ...result, summary: { ...result.summary, methods } };
}

describe("renderReport", () => {
  it("gives the same bytes for the same result", () => {
    expect(renderReport(reportFixture())).toBe(page);
  });

  it("names no host, fetches nothing and stays under 1 MB", () => {
    expect(page).not.toMatch(/https?:|(?:src|href|url)\s*[=(]\s*["']?\/\//i);
    expect(page).not.toMatch(/<script|<iframe|<object|@import|\son\w+\s*=/i);
    expect(page).toContain("default-src 'none'");
    expect(Buffer.byteLength(page)).toBeLessThan(1_000_000);
  });

  it("has one heading of the first rank, a section for every link and no id twice", () => {
    expect(page.match(/<h1>/g)).toHaveLength(1);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    const links = [...page.matchAll(/<a href="#([^"]+)"/g)].map((match) => match[1]);
    expect(links.length).toBe(10);
    for (const link of links) expect(ids).toContain(link);
    for (const clip of page.matchAll(/url\(#([^)]+)\)/g)) expect(ids).toContain(clip[1]);
  });

  it("gives every table a caption and every row as many cells as the table has columns", () => {
    const tables = [...page.matchAll(/<table.*?<\/table>/gs)].map((match) => match[0]);
    expect(tables.length).toBe(7);
    for (const table of tables) {
      expect(table).toMatch(/<caption>.*\S.*<\/caption>/s);
      const columns = table.match(/<th scope="col"/g)?.length;
      const rows = [...table.matchAll(/<tr(?! class="group")[^>]*>(?:(?!<\/tr>).)*<\/tr>/gs)].map((match) => match[0]);
      expect(rows.length).toBeGreaterThan(1);
      for (const row of rows) expect(row.match(/<t[hd][ >]/g)).toHaveLength(columns ?? 0);
    }
  });

  it("describes every plot in words and draws it for wide and for narrow pages", () => {
    const plots = [...page.matchAll(/<svg role="img" aria-label="([^"]*)"/g)].map((match) => match[1] as string);
    expect(plots).toHaveLength(10);
    for (const alt of plots) expect(alt.length).toBeGreaterThan(40);
    expect(plots[0]).toContain("haps +0.0117 [+0.0022, +0.0209]");
    expect(plots[2]).toContain("minus knn +0.0069 [+0.0004, +0.0133]");
  });

  it("opens with the verdict in plain words", () => {
    const verdict = wordsOf(page.slice(page.indexOf('<section class="verdict'), page.indexOf("<dl")));
    expect(verdict).toContain(
      "HAPS scores higher than always using the best single arm: +0.0117 [+0.0022, +0.0209]. That is 1.2 points in a hundred more",
    );
    const unclear = wordsOf(renderReport(withHaps(reportFixture(), -0.01, 0.012)));
    expect(unclear).toContain("cannot be told apart");
    expect(unclear).not.toContain("points in a hundred");
    expect(wordsOf(renderReport(withHaps(reportFixture(), -0.03, -0.01)))).toContain("2.0 points in a hundred fewer");
  });

  it("shows every method with its figures, marks controls, and stars the best router and no control", () => {
    const methods = sectionOf(page, "methods");
    const rowOf = (name: string): string => wordsOf(rowMarkup(methods, name));
    for (const name of ["haps", "haps-operating-point", "task-table", "flat", "knn", "ridge", "mlp"]) rowOf(name);
    for (const name of ["best-single", "cheapest", "random", "oracle"]) rowOf(name);
    expect(rowOf("knn")).toContain("0.7633 [0.7413, 0.7853] ± 0.0021");
    expect(rowOf("knn")).toContain("+0.0048 [−0.0058, +0.0152]");
    expect(rowOf("knn")).toContain("−0.0069 [−0.0133, −0.0004]");
    expect(rowOf("knn")).toContain("0.95x [0.91x, 0.99x] 1.31 63.0 %");
    expect(rowOf("task-table")).toContain("privileged");
    expect(rowOf("oracle")).toContain("hindsight");
    expect(rowOf("ridge")).toContain("0.7715 ★ (best)");
    expect(rowOf("haps-operating-point")).toContain("0.46x ★ (best)");
    expect(methods.match(/class="best"/g)).toHaveLength(2);
  });

  it("says that HAPS routes by task where it does not beat the table of tasks, and that it routes by question where it does", () => {
    expect(wordsOf(sectionOf(page, "routing"))).toContain("HAPS routes by task, not by question");
    const beaten = renderReport(withTaskTable(reportFixture(), -0.02, -0.004));
    expect(wordsOf(beaten)).not.toContain("routes by task, not by question");
    expect(wordsOf(sectionOf(beaten, "routing"))).toContain("it routes by question , not only by task");
    const noGain = renderReport(withHaps(reportFixture(), -0.01, 0.01));
    expect(wordsOf(sectionOf(noGain, "routing"))).toContain("at best it routes by task, not by question");
  });

  it("draws the lines at zero and at the non-inferiority margin of -0.015 to scale", () => {
    const plot = /<svg role="img" aria-label="Mean score minus.*?<\/svg>/s.exec(page)?.[0] ?? "";
    const line = (ink: string): number =>
      Number(new RegExp(`<path d="M([\\d.]+) [\\d.]+L\\1 [\\d.]+"[^>]*stroke="var\\(--${ink}\\)"`).exec(plot)?.[1]);
    const tick = (text: string): number =>
      Number(new RegExp(`translate\\(([\\d.]+) [\\d.]+\\)"[^>]*>${text.replace("+", "\\+")}<`).exec(plot)?.[1]);
    const unit = (tick("+0.02") - tick("0")) / 0.02;
    // Lines are moved to whole pixels.
    expect(Math.abs(line("muted") - tick("0"))).toBeLessThanOrEqual(1);
    expect(Math.abs(line("warn") - tick("0") + 0.015 * unit)).toBeLessThanOrEqual(1);
  });

  it("shows ablations, where questions go per label, the null experiment, notes and warnings", () => {
    expect(wordsOf(sectionOf(page, "ablations"))).toContain(
      "haps-no-low-level no low level: each candidate with its best settings on train 0.7611 −0.0091 [−0.0169, −0.0014]",
    );
    expect(rowMarkup(sectionOf(page, "methods"), "haps")).not.toContain("haps-no-low-level");
    const routing = sectionOf(page, "routing");
    expect(wordsOf(rowMarkup(routing, "algebra"))).toContain("250 questions 10 % (best arm here)");
    expect(routing).toContain('aria-label="large · prompt=composite 30.0 %; large · prompt=concise 33.0 %');
    expect(wordsOf(sectionOf(page, "null"))).toMatch(/Of 40 permutations, 1 claimed a gain and 0 a loss; .*−0\.0004/);
    const notes = wordsOf(sectionOf(page, "notes"));
    expect(notes).toContain("Prices are those of the day");
    expect(notes).toContain("26 cells hold no answer");
  });

  it("says how it was measured, where it comes from and how to get it again", () => {
    const measured = wordsOf(sectionOf(page, "measured"));
    for (const words of ["For each of 5 seeds", "5 folds by distinct text", "996 distinct texts", "opened 3 times"]) {
      expect(measured).toContain(words);
    }
    expect(measured.match(/[a-z]\. [A-Z“]|[a-z]\. questions/g)).toHaveLength(4);
    const { provenance } = reportFixture();
    const shown = wordsOf(sectionOf(page, "provenance"));
    for (const fact of [provenance.commit, provenance.configHash, provenance.dataHash, "wasm", "tfjs 4.22.0"]) {
      expect(shown).toContain(fact);
    }
    expect(shown).toContain("2026-11-25 03:21:47 UTC");
  });

  it("keeps the table of labels readable where there are many arms", () => {
    const result = reportFixture();
    const arms = Array.from({ length: 28 }, (_, arm) => ({ label: `adapter-${arm}`, score: 0.5, cost: 1 }));
    const shares = arms.map((_, arm) => (arm + 1) / 406);
    const rows = result.labels?.rows.map((row) => ({ ...row, shares, scores: arms.map(() => 0.5) })) ?? [];
    const many = renderReport({
      ...result,
      arms,
      shares: [{ method: "haps", shares }],
      labels: { name: "task", rows },
    });
    const routing = sectionOf(many, "routing");
    expect(routing.match(/<th scope="col" class="arm"/g)).toHaveLength(12);
    expect(wordsOf(routing)).toContain("The 16 least used arms are left out.");
    expect(wordsOf(routing)).toContain("20 other arms");
    expect(wordsOf(routing)).toContain("adapter- 27");
    expect(routing.slice(routing.indexOf("<thead"))).not.toMatch(/adapter-<wbr>15</);
  });

  it("leaves out what the result has nothing for", () => {
    const bare = renderReport(bareFixture());
    for (const id of ["cost", "ablations", "null", "notes"]) expect(bare).not.toContain(`aria-labelledby="${id}"`);
    expect(wordsOf(bare)).toContain("HAPS was not among the methods.");
    const methods = wordsOf(sectionOf(bare, "methods"));
    for (const title of ["Minus HAPS", "Cost ratio", "Cost of a question"]) expect(methods).not.toContain(title);
    expect(bare).not.toMatch(/undefined|NaN|Infinity|\[object/);
    expect(page).not.toMatch(/undefined|NaN|Infinity|\[object/);
  });
});

describe("renderReport of simulated outcomes", () => {
  const simulated = renderReport(reportFixture({ simulated: true, planted: { gain: 0.15, share: 0.94 } }));

  it("says so in the title, the headline, every table caption and every plot", () => {
    expect(/<title>(.*?)<\/title>/.exec(simulated)?.[1]).toMatch(/simulated/i);
    expect(/<h1>(.*?)<\/h1>/s.exec(simulated)?.[1]).toMatch(/simulated/i);
    expect(/<h2 id="verdict">(.*?)<\/h2>/s.exec(simulated)?.[1]).toMatch(/simulated/i);
    const captions = [...simulated.matchAll(/<(caption|figcaption)>.*?<\/\1>/gs)].map((match) => match[0]);
    expect(captions).toHaveLength(12);
    for (const caption of captions) expect(caption).toMatch(/simulated/i);
    const plots = [...simulated.matchAll(/<svg role="img" aria-label="([^"]*)".*?<\/svg>/gs)];
    expect(plots).toHaveLength(10);
    for (const [drawing, alt] of plots) {
      expect(alt).toMatch(/simulated/i);
      expect(wordsOf(drawing)).toMatch(/simulated/i);
    }
    expect(wordsOf(simulated)).toContain("HAPS found 94.0 % of it");
  });

  it("never says so of recorded outcomes", () => {
    expect(wordsOf(page)).not.toMatch(/simulated/i);
  });
});

describe("renderReport of hostile texts", () => {
  const evil = `</title></script><img src=x onerror="alert('1')"><script>{a|b}&amp;`;

  it("escapes every text of the result", () => {
    const result = reportFixture();
    const hostile = JSON.parse(
      JSON.stringify(result, (key, value: unknown) => {
        if (key === "kind" || key === "name" || typeof value !== "string") return value;
        return `${value}${evil}`;
      }),
    ) as EvaluationResult;
    const named = JSON.parse(
      JSON.stringify(hostile).replaceAll('"ridge"', JSON.stringify(`ridge${evil}`)),
    ) as EvaluationResult;
    const rendered = renderReport({
      ...named,
      experiment: { ...named.experiment, name: evil },
      labels: named.labels && { ...named.labels, name: evil },
    });
    expect(rendered).not.toMatch(/<script|<img|<\/script/i);
    expect(rendered.match(/<\/title>/g)).toHaveLength(1);
    // Outside of escaped text no attribute is an event handler.
    expect(rendered.replace(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*\sonerror/i);
    const shown = wordsOf(rendered);
    for (const text of [
      "ridge",
      "algebra",
      "USD",
      "wasm",
      "26 cells hold no answer; the source scores missing answers 0",
    ]) {
      expect(shown).toContain(`${text}${evil}`);
    }
  });
});

function rowMarkup(markup: string, name: string): string {
  const row = new RegExp(`<tr[^>]*><th scope="row">${name}[ <](?:(?!</tr>).)*</tr>`, "s").exec(markup)?.[0];
  expect(row, `row of ${name}`).toBeDefined();
  return row ?? "";
}

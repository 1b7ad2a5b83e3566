import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderStudyReport } from "../../src/report/study/render-study-report.ts";
import { summariseStudy } from "../../src/study/summarise-study.ts";
import { studyInput } from "./study-fixture.ts";

const executablePath = "/usr/bin/chromium";
const args =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";
const reason = existsSync(executablePath) ? "" : ` (skipped: no browser at ${executablePath})`;

describe.skipIf(reason !== "")(`the report of a study in a real browser${reason}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "haps-study-"));
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: args.split(" ") });
    const result = summariseStudy(studyInput());
    const long = "x".repeat(200);
    const methods = result.methods.map((method) => (method.id === "knn" ? { ...method, description: long } : method));
    const traces = ["teacher\n  search", `student ${long}`, "answer: Oslo"];
    writeFileSync(join(folder, "report.html"), renderStudyReport({ ...result, methods }, { traces }));
  });

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens the report and gives what went wrong on the way. */
  async function open(width: number, colorScheme: "light" | "dark"): Promise<{ page: Page; faults: string[] }> {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const faults: string[] = [];
    const own = pathToFileURL(join(folder, "report.html")).href;
    page.on("console", (message) => faults.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
    page.on("request", (request) => {
      if (request.url() !== own && !request.url().startsWith("data:")) faults.push(`request: ${request.url()}`);
    });
    await page.goto(own);
    return { page, faults };
  }

  it.each([
    [1280, "light"],
    [1280, "dark"],
    [400, "light"],
    [400, "dark"],
  ] as const)("fits a page %i pixels wide, %s, without errors or requests", async (width, scheme) => {
    const { page, faults } = await open(width, scheme);
    const headings = await page.getByRole("heading", { level: 2 }).allTextContents();
    expect(headings).toHaveLength(9);
    expect(headings[0]).toBe("A made-up study: 2 of 3 primary comparisons met.");
    // A string, since the compiler knows no document here.
    const overflow = await page.evaluate<number>(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
    expect(overflow).toBe(0);
    expect(await page.getByRole("note").textContent()).toContain("Constructed habits");
    // One of the two drawings of each plot is hidden, also from readers of the screen.
    const plots = page.getByRole("img", { name: /constructed habits/ });
    expect(await plots.count()).toBe(3);
    const box = await plots.first().boundingBox();
    expect(box?.width ?? 0).toBeGreaterThan(width === 1280 ? 800 : 280);
    const ground = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    expect(ground).toBe(scheme === "light" ? "rgb(246, 247, 249)" : "rgb(15, 18, 23)");
    expect(faults).toEqual([]);
    await page.close();
  });

  it("shows the comparisons that nothing corrects only when asked", async () => {
    const { page } = await open(1280, "light");
    const table = page.getByRole("table", { name: /Differences to every other method/ });
    expect(await table.isVisible()).toBe(false);
    await page.getByText("15 comparisons").click();
    expect(await table.isVisible()).toBe(true);
    await page.close();
  });
});

import type { BenchmarkResult } from "./benchmark.ts";

/** A result as a table for people, without a line break at the end. */
export function formatResult(result: BenchmarkResult): string {
  const rows = result.rows.map((row) => [row.case, formatNumber(row.median), row.unit] as const);
  const wide = Math.max(4, ...rows.map(([name]) => name.length));
  const high = Math.max(6, ...rows.map(([, number]) => number.length));
  return [
    `${result.name} (backend ${result.backend})`,
    `  ${"case".padEnd(wide)}  ${"median".padStart(high)}`,
    ...rows.map(([name, number, unit]) => `  ${name.padEnd(wide)}  ${number.padStart(high)} ${unit}`),
    ...Object.entries(result.ratios).map(([label, ratio]) => `  ${label}: ${formatNumber(ratio)}x`),
  ].join("\n");
}

/** Three significant digits, whole above a hundred. */
function formatNumber(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

import type { MethodResult } from "../evaluation/evaluation-result.ts";
import { formatDifference, formatInterval, formatRatio, formatShare } from "../terminal/format-number.ts";
import { html, type Markup } from "./markup.ts";

/** A paired difference with its 95% interval. */
export type Paired = NonNullable<MethodResult["versusHaps"]>;

/** What an interval says of the sign of a difference. */
export function sign({ low, high }: Paired): "good" | "bad" | "level" {
  if (low > 0) return "good";
  return high < 0 ? "bad" : "level";
}

/** The same difference seen from the other side: B minus A of A minus B. */
export function turned({ difference, low, high }: Paired): Paired {
  // Adding zero makes -0 a plain 0.
  return { difference: 0 - difference, low: 0 - high, high: 0 - low };
}

/** `+0.0213 [+0.0101, +0.0325]` */
export function pairedText(paired: Paired): string {
  return `${formatDifference(paired.difference)} ${formatInterval(paired.low, paired.high)}`;
}

/** A cell with a difference, coloured where its interval excludes zero, and its interval below. */
export function pairedCell(paired: Paired | null): Markup {
  if (paired === null) return html`<td>–</td>`;
  return html`<td><span class="${sign(paired)}">${formatDifference(paired.difference)}</span><small>${formatInterval(paired.low, paired.high)}</small></td>`;
}

/** A cell with a ratio of costs and its interval below. */
export function ratioCell({ costRatio, costRatioInterval }: MethodResult, best = false): Markup {
  return html`<td>${best ? bestValue(formatRatio(costRatio)) : formatRatio(costRatio)}${costRatioInterval !== null && html`<small>${ratioInterval(costRatioInterval)}</small>`}</td>`;
}

/** `[0.41x, 0.52x]` */
export function ratioInterval([low, high]: readonly [number, number]): string {
  return `[${formatRatio(low)}, ${formatRatio(high)}]`;
}

/** A value that is the best of its column; not by colour or weight alone. */
export function bestValue(text: string): Markup {
  return html`<strong class="best">${text}<span class="mark" aria-hidden="true">★</span><span class="unseen"> (best)</span></strong>`;
}

/** `41.5 %`, with a true minus sign below zero. */
export function share(value: number | null): string {
  return formatShare(value).replace("-", "−");
}

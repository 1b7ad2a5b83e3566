import { formatDifference } from "../../terminal/format-number.ts";

/** A difference at an axis: `+0.02`, `−0.015`, `0`. */
export function axisTick(value: number): string {
  return value === 0 ? "0" : formatDifference(value, 3).replace(/0+$/, "");
}

/** A score between 0 and 1 with four decimals, or a dash where there is none. */
export function formatScore(value: number | null): string {
  return value === null || !Number.isFinite(value) ? "–" : value.toFixed(4);
}

/** A difference with its sign: `+0.0213`, `−0.0010`, `±0.0000`. */
export function formatDifference(value: number | null, digits = 4): string {
  if (value === null || !Number.isFinite(value)) return "–";
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return `±${text}`;
  return value > 0 ? `+${text}` : `−${text}`;
}

/** An interval of differences: `[+0.0132, +0.0410]`. */
export function formatInterval(low: number | null, high: number | null, digits = 4): string {
  return `[${formatDifference(low, digits)}, ${formatDifference(high, digits)}]`;
}

/** A ratio of costs: `0.47x`. */
export function formatRatio(value: number | null): string {
  return value === null || !Number.isFinite(value) ? "–" : `${value.toFixed(2)}x`;
}

/** A share of a whole: `41.5 %`. */
export function formatShare(value: number | null): string {
  return value === null || !Number.isFinite(value) ? "–" : `${(value * 100).toFixed(1)} %`;
}

/** A cost with four significant digits, in plain decimals where that is short. */
export function formatCost(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e-5 && size < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(3);
}

/** A duration for people: `8.2 s`, `3 min 05 s`. */
export function formatDuration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** A count of bytes: `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${units[unit]}`;
}

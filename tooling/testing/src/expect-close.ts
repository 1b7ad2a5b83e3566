import * as tf from "@tensorflow/tfjs";

/** Anything with numbers in it. */
export type Numbers = number | ArrayLike<number> | tf.Tensor;

/** How far apart two numbers may be: `|actual - expected| <= atol + rtol |expected|`. */
export interface Tolerance {
  /** Relative to the expected number. Default 1e-5. */
  readonly rtol?: number;
  /** Absolute. Default 1e-6. */
  readonly atol?: number;
}

/** Whether two numbers are close; NaN is close to NaN only, an infinity to the one of its own sign only. */
export function isClose(actual: number, expected: number, tolerance: Tolerance = {}): boolean {
  if (Number.isNaN(expected) || Number.isNaN(actual)) return Number.isNaN(expected) && Number.isNaN(actual);
  if (!Number.isFinite(expected) || !Number.isFinite(actual)) return actual === expected;
  const { rtol = 1e-5, atol = 1e-6 } = tolerance;
  return Math.abs(actual - expected) <= atol + rtol * Math.abs(expected);
}

/**
 * Fails unless all numbers are close, one by one, and equally many; shapes too where both are tensors.
 *
 * The message names the worst place. Tensors are borrowed.
 */
export function expectClose(actual: Numbers, expected: Numbers, tolerance: Tolerance = {}): void {
  if (actual instanceof tf.Tensor && expected instanceof tf.Tensor && actual.shape.join() !== expected.shape.join()) {
    throw new Error(`expectClose: shapes differ: [${actual.shape.join(", ")}] and [${expected.shape.join(", ")}]`);
  }
  const got = toNumbers(actual);
  const wanted = toNumbers(expected);
  if (got.length !== wanted.length) {
    throw new Error(`expectClose: ${got.length} numbers, expected ${wanted.length}`);
  }
  let worst = -1;
  let worstGap = -1;
  let far = 0;
  for (let index = 0; index < wanted.length; index += 1) {
    if (isClose(got[index] as number, wanted[index] as number, tolerance)) continue;
    far += 1;
    const gap = Math.abs((got[index] as number) - (wanted[index] as number));
    const size = Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap;
    if (size <= worstGap) continue;
    worst = index;
    worstGap = size;
  }
  if (far === 0) return;
  throw new Error(
    `expectClose: ${far} of ${wanted.length} numbers differ; worst at ${worst}: got ${got[worst]}, expected ${wanted[worst]}, apart ${worstGap}`,
  );
}

function toNumbers(value: Numbers): ArrayLike<number> {
  if (typeof value === "number") return [value];
  return value instanceof tf.Tensor ? value.dataSync() : value;
}

import { exponential } from "./exponential.ts";

/** Gates and what they let through, or their gradients, evenly spaced in one array or two. */
export interface GateArrays {
  readonly gates: Float32Array;
  readonly ups: Float32Array;
}

/** Where the rows of {@link GateArrays} lie. */
export interface GateLayout {
  readonly rows: number;
  /** Gates of a row. */
  readonly hidden: number;
  /** From one row to the next, in either array. */
  readonly stride: number;
  /** Where the first row of `ups` begins. */
  readonly upStart: number;
}

/** `gate σ(gate) · up`, `[rows, hidden]`. */
export function passGates({ gates, ups }: GateArrays, { rows, hidden, stride, upStart }: GateLayout): Float32Array {
  const result = new Float32Array(rows * hidden);
  for (let row = 0; row < rows; row += 1) {
    const from = row * stride;
    const to = row * hidden;
    for (let column = 0; column < hidden; column += 1) {
      const gate = gates[from + column] as number;
      result[to + column] = (gate / (1 + exponential(-gate))) * (ups[upStart + from + column] as number);
    }
  }
  return result;
}

/**
 * Writes the gradients where gates and the others lie: `d gate = dy · up · σ (1 + gate (1 - σ))`, `d up = dy · gate σ`.
 *
 * The exponentials are computed again, which takes no longer than reading them from memory.
 *
 * @param slopes - dy, `[rows, hidden]`.
 */
export function gateSlopes(
  into: GateArrays,
  slopes: Float32Array,
  { gates, ups }: GateArrays,
  { rows, hidden, stride, upStart }: GateLayout,
): void {
  for (let row = 0; row < rows; row += 1) {
    const at = row * stride;
    const from = row * hidden;
    for (let column = 0; column < hidden; column += 1) {
      const gate = gates[at + column] as number;
      const share = 1 / (1 + exponential(-gate));
      const slope = slopes[from + column] as number;
      const up = upStart + at + column;
      into.gates[at + column] = slope * (ups[up] as number) * share * (1 + gate * (1 - share));
      into.ups[up] = slope * gate * share;
    }
  }
}

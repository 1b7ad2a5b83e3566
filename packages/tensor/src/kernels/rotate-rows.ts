/** Cosine and sine of each row's pairs; rows at one position share them. */
export interface RowAngles {
  /** `[positions, headDim / 2]`. */
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
  /** First angle of each row, `[rows]`. */
  readonly places: Uint32Array;
}

/** Which part of the rows turns, and in which pairs. */
export interface RotationLayout {
  /** Of a row. */
  readonly width: number;
  /** Heads at the beginning of a row that turn; the rest stays. */
  readonly heads: number;
  readonly headDim: number;
  /** Whether i and i + headDim/2 form a pair, or 2i and 2i+1. */
  readonly halves: boolean;
}

/** Angles of rows at positions: `position · frequency`. */
export function rowAngles(positions: ArrayLike<number>, frequencies: ArrayLike<number>): RowAngles {
  const half = frequencies.length;
  const places = new Uint32Array(positions.length);
  const known = new Map<number, number>();
  for (let row = 0; row < places.length; row += 1) {
    const position = positions[row] as number;
    const place = known.get(position) ?? known.size * half;
    known.set(position, place);
    places[row] = place;
  }
  const cosines = new Float64Array(known.size * half);
  const sines = new Float64Array(known.size * half);
  for (const [position, place] of known) {
    for (let pair = 0; pair < half; pair += 1) {
      const angle = position * (frequencies[pair] as number);
      cosines[place + pair] = Math.cos(angle);
      sines[place + pair] = Math.sin(angle);
    }
  }
  return { cosines, sines, places };
}

/** Turns rows forward for direction 1, back for -1. */
export function rotateRows(
  values: Float32Array,
  { cosines, sines, places }: RowAngles,
  { width, heads, headDim, halves }: RotationLayout,
  direction: 1 | -1,
): Float32Array {
  const half = headDim / 2;
  const stride = halves ? 1 : 2;
  const distance = halves ? half : 1;
  const result = values.slice();
  for (let row = 0; row < places.length; row += 1) {
    const place = places[row] as number;
    const end = row * width + heads * headDim;
    for (let head = row * width; head < end; head += headDim) {
      for (let pair = 0; pair < half; pair += 1) {
        const first = head + pair * stride;
        const a = values[first] as number;
        const b = values[first + distance] as number;
        const cosine = cosines[place + pair] as number;
        const sine = direction * (sines[place + pair] as number);
        result[first] = a * cosine - b * sine;
        result[first + distance] = a * sine + b * cosine;
      }
    }
  }
  return result;
}

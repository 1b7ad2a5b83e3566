/** Training rows in the form in which neighbours are looked up. */
export interface RowIndex {
  readonly dimension: number;
  readonly rows: number;
  /** Mean of the training features, `[dimension]`: directions are seen from here. */
  readonly centre: Float64Array;
  /** Centred rows of length 1 (0 for a row at the centre), `[rows, dimension]`. */
  readonly unit: Float32Array;
}

/** Neighbours of one row, nearest first; of equally near ones the first comes first. */
export interface Neighbours {
  readonly rows: Int32Array;
  /** Cosine similarity to each, -1 to 1. */
  readonly similarities: Float32Array;
}

/** Centres rows of features at their mean and makes them unit vectors. */
export function indexRows(features: Float32Array, dimension: number): RowIndex {
  const rows = features.length / dimension;
  const centre = new Float64Array(dimension);
  features.forEach((value, index) => {
    centre[index % dimension] = (centre[index % dimension] as number) + value / rows;
  });
  return { dimension, rows, centre, unit: unitRows(features, centre) };
}

/** Rows seen from the centre of an index, at length 1. */
export function unitRows(features: Float32Array, centre: Float64Array): Float32Array {
  const dimension = centre.length;
  const unit = new Float32Array(features.length);
  for (let start = 0; start < features.length; start += dimension) {
    let squares = 0;
    for (let j = 0; j < dimension; j += 1) squares += ((features[start + j] as number) - (centre[j] as number)) ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let j = 0; j < dimension; j += 1) {
      unit[start + j] = ((features[start + j] as number) - (centre[j] as number)) * scale;
    }
  }
  return unit;
}

/**
 * The `count` rows of the index nearest to a unit vector by cosine similarity.
 *
 * @param allowed - Rows to look at; all when absent.
 */
export function nearestRows(
  index: RowIndex,
  query: Float32Array,
  count: number,
  allowed?: (row: number) => boolean,
): Neighbours {
  const { dimension, rows, unit } = index;
  const similarities = new Float32Array(rows).fill(Number.NEGATIVE_INFINITY);
  let open = 0;
  for (let row = 0; row < rows; row += 1) {
    if (allowed !== undefined && !allowed(row)) continue;
    open += 1;
    let dot = 0;
    const start = row * dimension;
    for (let j = 0; j < dimension; j += 1) dot += (unit[start + j] as number) * (query[j] as number);
    similarities[row] = dot;
  }
  const wanted = Math.min(count, open);
  if (wanted === 0) return { rows: new Int32Array(0), similarities: new Float32Array(0) };
  const threshold = similarities.toSorted()[rows - wanted] as number;
  const found: number[] = [];
  for (let row = 0; row < rows; row += 1) if ((similarities[row] as number) >= threshold) found.push(row);
  found.sort((a, b) => (similarities[b] as number) - (similarities[a] as number) || a - b);
  const nearest = Int32Array.from(found.slice(0, wanted));
  return { rows: nearest, similarities: Float32Array.from(nearest, (row) => similarities[row] as number) };
}

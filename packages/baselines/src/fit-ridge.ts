import { choleskyFactor, choleskySolve } from "./cholesky.ts";
import { contrastError } from "./contrast-error.ts";
import { addRow, combineMoments, emptyMoments, type RidgeMoments } from "./ridge-moments.ts";

/** A linear model of every arm. */
export interface RidgeModel {
  readonly dimension: number;
  readonly arms: number;
  /** `[arms, dimension]`. */
  readonly weights: Float64Array;
  /** `[arms]`; `NaN` for an arm that was never run. */
  readonly intercepts: Float64Array;
  /** The relative penalty that was chosen. */
  readonly penalty: number;
}

/** What {@link fitRidge} learns from. */
export interface RidgeData {
  /** `[rows, dimension]`. */
  readonly features: Float32Array;
  readonly dimension: number;
  /** `[rows, arms]`, `NaN` where not run. */
  readonly cells: Float64Array;
  readonly arms: number;
  /** Inner fold of every row. */
  readonly foldOf: Int32Array;
  readonly folds: number;
}

/**
 * Fits one ridge regression per arm, all with the penalty that predicts the differences between arms best in inner folds.
 *
 * `min_w Σ (y - ȳ - w·(x - x̄))² + λ |w|²`, `λ = penalty * trace(Gram) / dimension`, over the rows in which the arm was run;
 * the intercept is free. Solved in double precision by Cholesky. Penalty `Infinity` means the arm's mean.
 *
 * @param penalties - Relative penalties to choose from, > 0; the larger of equals is taken.
 *
 * Source: Hoerl and Kennard, Ridge Regression (1970).
 */
export function fitRidge(data: RidgeData, penalties: readonly number[]): RidgeModel {
  const patterns = rowPatterns(data);
  const sorted = [...penalties].sort((a, b) => b - a);
  const penalty = sorted.length === 1 ? (sorted[0] as number) : choosePenalty(data, patterns, sorted);
  return solve(
    data,
    patterns.map(({ arms, total }) => ({ arms, moments: total })),
    penalty,
  );
}

/** `[rows, arms]`: what the model says about feature rows. */
export function predictRidge(model: RidgeModel, features: Float32Array): Float64Array {
  const { dimension, arms, weights, intercepts } = model;
  const rows = features.length / dimension;
  const predicted = new Float64Array(rows * arms);
  for (let row = 0; row < rows; row += 1) {
    for (let arm = 0; arm < arms; arm += 1) {
      let sum = intercepts[arm] as number;
      for (let j = 0; j < dimension; j += 1) {
        sum += (weights[arm * dimension + j] as number) * (features[row * dimension + j] as number);
      }
      predicted[row * arms + arm] = sum;
    }
  }
  return predicted;
}

/** Arms that were run on the same rows: they share a Gram matrix. */
interface RowPattern {
  readonly arms: readonly number[];
  readonly perFold: readonly RidgeMoments[];
  readonly total: RidgeMoments;
}

function rowPatterns(data: RidgeData): RowPattern[] {
  const { features, dimension, cells, arms, foldOf, folds } = data;
  const armsOf = new Map<string, number[]>();
  for (let arm = 0; arm < arms; arm += 1) {
    const key = Array.from(foldOf, (_, row) => (Number.isNaN(cells[row * arms + arm] as number) ? "0" : "1")).join("");
    const same = armsOf.get(key);
    if (same === undefined) armsOf.set(key, [arm]);
    else same.push(arm);
  }
  return [...armsOf.values()].map((members) => {
    const perFold = Array.from({ length: folds }, () => emptyMoments(dimension, members.length));
    foldOf.forEach((fold, row) => {
      const y = members.map((arm) => cells[row * arms + arm] as number);
      if (Number.isNaN(y[0])) return;
      addRow(perFold[fold] as RidgeMoments, features.subarray(row * dimension, (row + 1) * dimension), y);
    });
    const total = perFold.reduce((sum, moments) => combineMoments(sum, moments, 1));
    return { arms: members, perFold, total };
  });
}

/** Sum of contrast errors over the inner folds, for every penalty; the first of the least is taken. */
function choosePenalty(data: RidgeData, patterns: readonly RowPattern[], penalties: readonly number[]): number {
  const { features, dimension, cells, arms, foldOf, folds } = data;
  const errors = penalties.map(() => 0);
  for (let fold = 0; fold < folds; fold += 1) {
    const training = patterns.map((pattern) => ({
      arms: pattern.arms,
      moments: combineMoments(pattern.total, pattern.perFold[fold] as RidgeMoments, -1),
    }));
    const rows = [...foldOf.keys()].filter((row) => foldOf[row] === fold);
    penalties.forEach((penalty, place) => {
      const model = solve(data, training, penalty);
      for (const row of rows) {
        const predicted = predictRidge(model, features.subarray(row * dimension, (row + 1) * dimension));
        const observed = cells
          .subarray(row * arms, (row + 1) * arms)
          .map((value, arm) => (Number.isNaN(predicted[arm]) ? Number.NaN : value));
        errors[place] = (errors[place] as number) + contrastError(observed, predicted);
      }
    });
  }
  return penalties[errors.indexOf(Math.min(...errors))] as number;
}

function solve(
  { dimension, arms }: RidgeData,
  parts: readonly { readonly arms: readonly number[]; readonly moments: RidgeMoments }[],
  penalty: number,
): RidgeModel {
  const weights = new Float64Array(arms * dimension);
  const intercepts = new Float64Array(arms).fill(Number.NaN);
  for (const { arms: members, moments } of parts) {
    if (moments.count === 0) continue;
    const { count, x, y, yx } = moments;
    const factor = penalisedFactor(moments, penalty);
    members.forEach((arm, column) => {
      const mean = (y[column] as number) / count;
      intercepts[arm] = mean;
      if (factor === null) return;
      const right = yx
        .subarray(column * dimension, (column + 1) * dimension)
        .map((value, j) => value - mean * (x[j] as number));
      const solution = choleskySolve(factor, right, dimension);
      weights.set(solution, arm * dimension);
      intercepts[arm] = solution.reduce((sum, weight, j) => sum - (weight * (x[j] as number)) / count, mean);
    });
  }
  return { dimension, arms, weights, intercepts, penalty };
}

/** Cholesky factor of the centred Gram matrix plus the penalty; `null` when the weights are zero. */
function penalisedFactor({ dimension, count, x, xx }: RidgeMoments, penalty: number): Float64Array | null {
  if (penalty === Number.POSITIVE_INFINITY) return null;
  const gram = new Float64Array(dimension * dimension);
  let trace = 0;
  for (let i = 0; i < dimension; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      gram[i * dimension + j] = (xx[i * dimension + j] as number) - ((x[i] as number) * (x[j] as number)) / count;
    }
    trace += gram[i * dimension + i] as number;
  }
  const lambda = (penalty * trace) / dimension;
  if (!(lambda > 0)) return null;
  for (let i = 0; i < dimension; i += 1) gram[i * dimension + i] = (gram[i * dimension + i] as number) + lambda;
  return choleskyFactor(gram, dimension);
}

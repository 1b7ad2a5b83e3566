import type { Question } from "./task.ts";

/** Turns questions into numbers. It reads `text` and `context` of a question and nothing else. */
export interface Featurizer {
  readonly kind: string;
  /** Length of one feature vector. */
  readonly dimension: number;
  /** `[questions.length, dimension]`, row-major, finite. The caller owns the array. */
  transform(questions: readonly Question[]): Float32Array;
}

/** Fits a featurizer on training questions. */
export interface FeaturizerFactory {
  readonly kind: string;
  /** Fits on training questions; the same questions and seed give the same featurizer. */
  fit(questions: readonly Question[], seed: number): Featurizer;
}

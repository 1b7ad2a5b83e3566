/** Thirteen half decades from 1e-3 to 1e3, relative to the mean variance of the features. */
export const RIDGE_PENALTIES: number[] = Array.from({ length: 13 }, (_, step) => 10 ** (step / 2 - 3));

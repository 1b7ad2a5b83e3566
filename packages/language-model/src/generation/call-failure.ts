import { type CallFailure, HapsError } from "@haps/spec";

/** An error that speaks of one call as its failure; any other error is no call's fault and is thrown again. */
export function callFailureOf(error: unknown): CallFailure {
  if (HapsError.isInstance(error)) return { code: error.code, message: error.message, error };
  throw error;
}

import { type EpisodeFailure, HapsError } from "@haps/spec";

/** An error as plain data; one of no known kind has code `state`. */
export function failureOf(error: unknown): EpisodeFailure {
  if (HapsError.isInstance(error)) return { code: error.code, message: error.message };
  return { code: "state", message: error instanceof Error ? error.message : String(error) };
}

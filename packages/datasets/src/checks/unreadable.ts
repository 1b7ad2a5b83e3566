import { HapsError } from "@haps/spec";
import type { Finding } from "./finding.ts";

/** True for an error about data, which a check reports instead of throwing it. */
export function isDataProblem(error: unknown): error is HapsError {
  return HapsError.isInstance(error) && error.code === "data";
}

/** The finding for what ended a reading. */
export function unreadable(error: HapsError): Finding {
  return { severity: "error", code: "unreadable", message: error.message, facts: error.facts };
}

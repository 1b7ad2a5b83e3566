import { HapsError } from "@haps/spec";
import { UsageError } from "../usage-error.ts";
import type { PlainError } from "./messages.ts";

/** Makes an error fit to be sent to another process. */
export function toPlainError(error: unknown): PlainError {
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? message) : message;
  if (error instanceof UsageError) return { message, stack, code: "usage" };
  return { message, stack, ...(HapsError.isInstance(error) ? { code: error.code } : {}) };
}

/** The error again, with the stack of where it happened. */
export function fromPlainError(plain: PlainError): Error {
  const error = typedError(plain);
  error.stack = plain.stack;
  return error;
}

function typedError({ code, message }: PlainError): Error {
  if (code === undefined) return new Error(message);
  return code === "usage" ? new UsageError(message) : new HapsError(code, message);
}

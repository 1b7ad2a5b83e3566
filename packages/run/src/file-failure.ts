import { HapsError } from "@haps/spec";

/**
 * A refusal of the file system, such as a full disk or missing rights, as an error of the toolkit; anything else as it
 * is, because it is a bug or a refusal of ours.
 *
 * @param describe - Makes the message from what the system said.
 */
export function fileFailure(error: unknown, folder: string, describe: (reason: string) => string): unknown {
  const isSystem = error instanceof Error && !HapsError.isInstance(error) && "code" in error;
  if (!isSystem) return error;
  return new HapsError("state", describe(error.message), { folder, reason: error.code }, { cause: error });
}

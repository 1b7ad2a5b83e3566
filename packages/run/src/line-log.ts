import { DataError } from "@haps/spec";
import type { FileSystemPort } from "./file-system-port.ts";

/** Drops metrics after the checkpoint; they are written again. */
export async function settleMetrics(files: FileSystemPort, path: string, bytes: number): Promise<void> {
  const found = (await files.read(path))?.byteLength ?? 0;
  if (found < bytes) {
    throw new DataError(
      { file: path },
      `it has ${found} bytes but the checkpoint was made at ${bytes}`,
      "restore the run folder from a copy, or start a fresh one",
    );
  }
  if (found > bytes) await files.truncate(path, bytes);
  else if (found === 0) await files.write(path, new Uint8Array());
}

/** Cuts off a last line that a killed writer left without its end. */
export async function dropTornLine(files: FileSystemPort, path: string): Promise<void> {
  const bytes = await files.read(path);
  if (bytes === null) return;
  const whole = bytes.lastIndexOf(10) + 1;
  if (whole < bytes.byteLength) await files.truncate(path, whole);
}

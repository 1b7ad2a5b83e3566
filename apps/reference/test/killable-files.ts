import { type FileSystemPort, nodeFiles } from "@haps/run";

/** What a simulated SIGKILL does to the operation that it hits. */
export type KillMode = "before" | "torn" | "after";

/** When to kill. */
export interface Kill {
  /** Number of the changing operation, from 1. */
  readonly at: number;
  readonly mode: KillMode;
}

/** Thrown by every operation of a killed process. */
export class Killed extends Error {}

/** Files as one process sees them that is killed at a changing operation; without a kill it logs what it does. */
export function killableFiles(kill?: Kill): { readonly files: FileSystemPort; readonly log: string[] } {
  const log: string[] = [];
  let dead = false;
  const assertAlive = (): void => {
    if (dead) throw new Killed("killed before");
  };
  const change = async <Value>(
    name: string,
    whole: () => Promise<Value>,
    torn: () => Promise<unknown> = () => Promise.resolve(),
  ): Promise<Value> => {
    assertAlive();
    log.push(name);
    if (log.length !== kill?.at) return whole();
    dead = true;
    if (kill.mode === "after") await whole();
    else if (kill.mode === "torn") await torn();
    throw new Killed(`killed ${kill.mode} ${name}`);
  };
  const half = (bytes: Uint8Array): Uint8Array => bytes.slice(0, Math.floor(bytes.byteLength / 2));
  const alive = <Value>(read: () => Promise<Value>): Promise<Value> => {
    assertAlive();
    return read();
  };
  const files: FileSystemPort = {
    read: (path) => alive(() => nodeFiles.read(path)),
    list: (folder) => alive(() => nodeFiles.list(folder)),
    sync: (path) => alive(() => nodeFiles.sync(path)),
    write: (path, bytes) =>
      change(
        "write",
        () => nodeFiles.write(path, bytes),
        () => nodeFiles.write(path, half(bytes)),
      ),
    append: (path, bytes) =>
      change(
        "append",
        () => nodeFiles.append(path, bytes),
        () => nodeFiles.append(path, half(bytes)),
      ),
    truncate: (path, size) => change("truncate", () => nodeFiles.truncate(path, size)),
    rename: (from, to) => change("rename", () => nodeFiles.rename(from, to)),
    createExclusive: (path, bytes) => change("create", () => nodeFiles.createExclusive(path, bytes)),
    makeFolder: (folder) => change("make folder", () => nodeFiles.makeFolder(folder)),
    remove: (path) => change("remove", () => nodeFiles.remove(path)),
  };
  return { files, log };
}

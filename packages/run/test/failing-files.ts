import type { FileSystemPort } from "@haps/run";

/** A changing operation that is hit. */
export interface HitOperation {
  /** Carries out the beginning of a write; nothing of other operations. */
  readonly part: () => Promise<void>;
  /** Carries it out, where it can be done on a full disk: it frees space. */
  readonly free?: () => Promise<void>;
}

/** What happens to the operation that is hit. */
export type Failure = (operation: HitOperation) => Promise<void>;

/** Files that fail at the `failAt`-th changing operation (from 1) and in all later ones. */
export function failingFiles(
  inner: FileSystemPort,
  failAt: number,
  failure: Failure,
): FileSystemPort & { operations(): number } {
  let operations = 0;
  const change = async (work: () => Promise<void>, hit: Partial<HitOperation> = {}): Promise<void> => {
    operations += 1;
    await (operations < failAt ? work() : failure({ part: async () => undefined, ...hit }));
  };
  const half = (bytes: Uint8Array): Uint8Array => bytes.slice(0, bytes.byteLength >> 1);
  const free = (work: () => Promise<void>) => change(work, { free: work });
  return {
    read: (path) => inner.read(path),
    list: (folder) => inner.list(folder),
    sync: (path) => inner.sync(path),
    operations: () => operations,
    write: (path, bytes) => change(() => inner.write(path, bytes), { part: () => inner.write(path, half(bytes)) }),
    append: (path, bytes) => change(() => inner.append(path, bytes), { part: () => inner.append(path, half(bytes)) }),
    truncate: (path, size) => free(() => inner.truncate(path, size)),
    rename: (from, to) => change(() => inner.rename(from, to)),
    createExclusive: async (path, bytes) => {
      let created = false;
      await change(async () => {
        created = await inner.createExclusive(path, bytes);
      });
      return created;
    },
    makeFolder: (folder) => change(() => inner.makeFolder(folder)),
    remove: (path) => free(() => inner.remove(path)),
  };
}

/** A full disk: half of the bytes are written, then an error; what frees space goes on. */
export const diskFull: Failure = async ({ part, free }) => {
  if (free !== undefined) return free();
  await part();
  throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
};

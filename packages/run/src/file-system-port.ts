/** One entry of a folder. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: "file" | "folder";
}

/**
 * The few file operations that a run folder needs, so that tests can break off any of them.
 *
 * Paths use `/`. Implementations promise that `rename` is atomic: whoever looks sees the old or the new, never neither.
 * `write` and `append` promise no such thing: a process killed inside them may leave a part of the bytes.
 */
export interface FileSystemPort {
  /** The content, or `null` where there is no such file. */
  read(path: string): Promise<Uint8Array | null>;
  /** Creates or overwrites; not atomic. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Adds to the end, creates the file where there is none; not atomic. */
  append(path: string, bytes: Uint8Array): Promise<void>;
  /** Cuts a file to its first `size` bytes. */
  truncate(path: string, size: number): Promise<void>;
  /** Moves a file over another, or a folder to a free name; atomic. */
  rename(from: string, to: string): Promise<void>;
  /** Creates a file with its whole content, atomically; `false` when the name is taken. */
  createExclusive(path: string, bytes: Uint8Array): Promise<boolean>;
  /** Entries sorted by name, or `null` where there is no such folder. */
  list(folder: string): Promise<readonly FolderEntry[] | null>;
  /** Creates a folder and its parents; an existing one is fine. */
  makeFolder(folder: string): Promise<void>;
  /** Removes a file or a whole folder; a missing one is fine. */
  remove(path: string): Promise<void>;
  /** Returns when the content of a file, or the names in a folder, have reached the disk. */
  sync(path: string): Promise<void>;
}

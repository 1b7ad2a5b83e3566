import type { FileSystemPort, ProcessPort } from "@haps/run";

/** What a simulated kill does to the operation it hits. */
export type KillMode = "before" | "torn" | "after";

/** Thrown by every operation of a killed process. */
export class Killed extends Error {}

/** Files that outlive simulated processes. */
export class Disk {
  readonly files = new Map<string, Uint8Array>();
  readonly folders = new Set<string>();
  /** A process of the machine that the disk belongs to, and the only one. */
  readonly process: ProcessPort = { pid: 7, isAlive: (pid) => pid === 7 };

  /** All files whose names differ between equal runs left out. */
  content(): Record<string, string> {
    const shown = [...this.files].filter(([path]) => !path.endsWith("/lock") && !path.endsWith("/timings.jsonl"));
    return Object.fromEntries(
      shown.sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, bytes]) => [path, Buffer.from(bytes).toString("latin1")]),
    );
  }
}

/** The view of one process, which is killed at its `killAt`-th changing operation (from 1). */
export class MemoryFiles implements FileSystemPort {
  readonly disk: Disk;
  readonly killAt: number;
  readonly mode: KillMode;
  operations = 0;
  killed = false;
  readonly log: string[] = [];

  constructor(disk: Disk, killAt = Number.POSITIVE_INFINITY, mode: KillMode = "before") {
    this.disk = disk;
    this.killAt = killAt;
    this.mode = mode;
  }

  async read(path: string): Promise<Uint8Array | null> {
    this.#assertAlive();
    return this.disk.files.get(path)?.slice() ?? null;
  }

  async list(folder: string): Promise<{ name: string; kind: "file" | "folder" }[] | null> {
    this.#assertAlive();
    if (!this.disk.folders.has(folder)) return null;
    const inside = (path: string): boolean =>
      path.startsWith(`${folder}/`) && !path.slice(folder.length + 1).includes("/");
    const nameOf = (path: string): string => path.slice(folder.length + 1);
    return [
      ...[...this.disk.files.keys()].filter(inside).map((path) => ({ name: nameOf(path), kind: "file" as const })),
      ...[...this.disk.folders].filter(inside).map((path) => ({ name: nameOf(path), kind: "folder" as const })),
    ].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    this.#assertFolder(path);
    return this.#change(`write ${path}`, (part) => {
      this.disk.files.set(path, bytes.slice(0, Math.floor(bytes.byteLength * part)));
    });
  }

  async append(path: string, bytes: Uint8Array): Promise<void> {
    this.#assertFolder(path);
    return this.#change(`append ${path}`, (part) => {
      const before = this.disk.files.get(path) ?? new Uint8Array();
      const added = bytes.slice(0, Math.floor(bytes.byteLength * part));
      this.disk.files.set(path, Uint8Array.of(...before, ...added));
    });
  }

  truncate(path: string, size: number): Promise<void> {
    return this.#change(`truncate ${path}`, (part) => {
      if (part === 1) this.disk.files.set(path, (this.disk.files.get(path) as Uint8Array).slice(0, size));
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#change(`rename ${from}`, (part) => {
      if (part < 1) return;
      const file = this.disk.files.get(from);
      if (file !== undefined) {
        this.disk.files.delete(from);
        this.disk.files.set(to, file);
        return;
      }
      if (!this.disk.folders.has(from)) throw Object.assign(new Error(`ENOENT ${from}`), { code: "ENOENT" });
      if (this.disk.folders.has(to)) throw Object.assign(new Error(`ENOTEMPTY ${to}`), { code: "ENOTEMPTY" });
      for (const path of [...this.disk.folders].filter((path) => path === from || path.startsWith(`${from}/`))) {
        this.disk.folders.delete(path);
        this.disk.folders.add(to + path.slice(from.length));
      }
      for (const path of [...this.disk.files.keys()].filter((path) => path.startsWith(`${from}/`))) {
        this.disk.files.set(to + path.slice(from.length), this.disk.files.get(path) as Uint8Array);
        this.disk.files.delete(path);
      }
    });
  }

  async createExclusive(path: string, bytes: Uint8Array): Promise<boolean> {
    this.#assertAlive();
    if (this.disk.files.has(path)) return false;
    await this.#change(`create ${path}`, (part) => {
      this.disk.files.set(part < 1 ? `${path}.7.tmp` : path, bytes.slice());
    });
    return true;
  }

  makeFolder(folder: string): Promise<void> {
    return this.#change(`makeFolder ${folder}`, (part) => {
      if (part < 1) return;
      for (let end = folder.length; end > 0; end = folder.lastIndexOf("/", end - 1)) {
        this.disk.folders.add(folder.slice(0, end));
      }
    });
  }

  remove(path: string): Promise<void> {
    return this.#change(`remove ${path}`, (part) => {
      const gone = [...this.disk.files.keys()].filter((name) => name === path || name.startsWith(`${path}/`));
      for (const name of gone.slice(0, Math.ceil(gone.length * part))) this.disk.files.delete(name);
      if (part < 1) return;
      for (const name of [...this.disk.folders].filter((name) => name === path || name.startsWith(`${path}/`))) {
        this.disk.folders.delete(name);
      }
    });
  }

  async sync(): Promise<void> {
    this.#assertAlive();
  }

  async #change(description: string, apply: (part: number) => void): Promise<void> {
    this.#assertAlive();
    this.operations += 1;
    this.log.push(description);
    const hit = this.operations === this.killAt;
    if (!hit || this.mode === "after") apply(1);
    else if (this.mode === "torn") apply(0.5);
    if (!hit) return;
    this.killed = true;
    throw new Killed(`killed at ${description}`);
  }

  #assertAlive(): void {
    if (this.killed) throw new Killed("killed before");
  }

  #assertFolder(path: string): void {
    const folder = path.slice(0, path.lastIndexOf("/"));
    if (!this.disk.folders.has(folder)) throw Object.assign(new Error(`ENOENT ${path}`), { code: "ENOENT" });
  }
}

import { resolve } from "node:path";
import { HapsError } from "@haps/spec";
import type { FileSystemPort } from "./file-system-port.ts";
import { encodeJsonLine } from "./json-file.ts";
import { LOCK_FILE } from "./run-layout.ts";

/** Which process is asking, and which others still live. */
export interface ProcessPort {
  readonly pid: number;
  /** Whether a process of this machine with that id exists. */
  isAlive(pid: number): boolean;
}

/** The running Node process. */
export const nodeProcess: ProcessPort = {
  pid: process.pid,
  isAlive: (pid) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      // EPERM: it exists and belongs to somebody else.
      return error instanceof Error && "code" in error && error.code === "EPERM";
    }
  },
};

/**
 * Locks that are held, or being taken, right now. A lock with the process's own id that is not here was left by an earlier process of
 * the same number, which is the rule in containers.
 */
const heldNow = new WeakMap<ProcessPort, Set<string>>();

/**
 * Takes the lock of a run folder; one left by a process that is gone is taken over.
 *
 * @returns A function that gives the lock back.
 * @throws HapsError code `state` when a living process holds it.
 */
export async function takeLock(
  files: FileSystemPort,
  folder: string,
  owner: ProcessPort,
): Promise<() => Promise<void>> {
  const path = `${folder}/${LOCK_FILE}`;
  const own = encodeJsonLine("takeLock", { pid: owner.pid });
  const held = heldNow.get(owner) ?? new Set<string>();
  heldNow.set(owner, held);
  const key = resolve(path);
  if (held.has(key)) return refuse(folder, path, owner.pid);
  held.add(key);
  try {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      if (await files.createExclusive(path, own)) {
        return async () => {
          if (held.delete(key)) await files.remove(path);
        };
      }
      const found = await files.read(path);
      if (found === null) continue;
      const holder = holderOf(found);
      if (holder !== null && holder !== owner.pid && owner.isAlive(holder)) return refuse(folder, path, holder);
      await setAside(files, path, found);
    }
    return refuse(folder, path, null);
  } catch (error) {
    held.delete(key);
    throw error;
  }
}

/** Moves a stale lock away, unless another process replaced it in the meantime: then that one goes back. */
async function setAside(files: FileSystemPort, path: string, stale: Uint8Array): Promise<void> {
  const aside = `${path}.stale.tmp`;
  try {
    await files.rename(path, aside);
  } catch (error) {
    if ((await files.read(path)) === null) return;
    throw error;
  }
  const moved = await files.read(aside);
  if (moved !== null && holderOf(moved) !== holderOf(stale)) await files.createExclusive(path, moved);
  await files.remove(aside);
}

/** Process id written in a lock; `null` for one that cannot be read, which a killed writer left. */
function holderOf(bytes: Uint8Array): number | null {
  try {
    const lock: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof lock === "object" && lock !== null && "pid" in lock && typeof lock.pid === "number") return lock.pid;
    return null;
  } catch {
    return null;
  }
}

function refuse(folder: string, path: string, pid: number | null): never {
  throw new HapsError(
    "state",
    `openRun: ${folder} is in use by process ${pid ?? "(unknown)"}; expected a free run folder; wait for it to end, or delete ${path} if it is not a run of this toolkit`,
    { folder, pid },
  );
}

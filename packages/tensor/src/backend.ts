import { createRequire } from "node:module";
import { dirname } from "node:path";
import { HapsError } from "@haps/spec";
import * as tf from "@tensorflow/tfjs";

/** A tfjs backend by the name that users see: `native` is `@tensorflow/tfjs-node`. */
export type BackendName = "native" | "wasm" | "cpu";

/** A backend that was tried and could not be had. */
export interface BackendAttempt {
  readonly name: BackendName;
  /** First line of what went wrong. */
  readonly reason: string;
}

/** What {@link loadBackend} found. */
export interface LoadedBackend {
  /** The backend that runs now. */
  readonly name: BackendName;
  /** Those tried before it, in order, each with its reason. */
  readonly tried: readonly BackendAttempt[];
  /** One line for people: what runs, and how to get a faster one where there is one. */
  readonly hint: string;
}

const ADVICE: Readonly<Record<BackendName, string>> = {
  native: "backend native (@tensorflow/tfjs-node), the fastest",
  wasm: "backend wasm; for the faster native one: npm install @tensorflow/tfjs-node (Node 20 or 22)",
  cpu: "backend cpu, the slowest; for a faster one: npm install @tensorflow/tfjs-backend-wasm",
};

/**
 * Loads the first backend of `order` that works and makes it the one of this process.
 *
 * For applications and tests only: a library takes the backend that runs. It may be called again to change over; tensors move
 * when they are next used.
 *
 * @param order - Backends to try, best first.
 * @returns What runs, what was tried before it and why not, and a line for people.
 * @throws HapsError code `backend` when none of them loads, with every reason in `facts.tried`.
 *
 * @example
 * ```ts
 * const backend = await loadBackend(["wasm", "cpu"]);
 * console.assert(backend.name === "wasm" || backend.tried.length === 1);
 * ```
 */
export async function loadBackend(order: readonly BackendName[] = ["native", "wasm", "cpu"]): Promise<LoadedBackend> {
  tf.enableProdMode();
  const tried: BackendAttempt[] = [];
  for (const name of order) {
    try {
      await start(name);
      return { name, tried, hint: ADVICE[name] };
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      tried.push({ name, reason: text.split("\n", 1)[0] ?? text });
    }
  }
  const reasons = tried.map((attempt) => `${attempt.name}: ${attempt.reason}`).join("; ");
  throw new HapsError(
    "backend",
    `loadBackend: none of [${order.join(", ")}] could be loaded; ${reasons || "the list is empty"}; add "cpu", which always loads`,
    { order, tried },
  );
}

async function start(name: BackendName): Promise<void> {
  switch (name) {
    case "native":
      await importNative();
      return use("tensorflow");
    case "wasm":
      await importWasm();
      return use("wasm");
    case "cpu":
      return use("cpu");
    default:
      name satisfies never;
      throw new Error(`unknown backend ${JSON.stringify(name)}, expected native, wasm or cpu`);
  }
}

/** The name is a variable, so that nothing here needs the optional package to be there for compiling or bundling. */
async function importNative(): Promise<void> {
  const specifier: string = "@tensorflow/tfjs-node";
  await import(specifier);
}

/** The binaries lie beside the package's entry, wherever the process was started. */
async function importWasm(): Promise<void> {
  const wasm = await import("@tensorflow/tfjs-backend-wasm");
  const entry = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  if (tf.findBackendFactory("wasm") !== null && !("wasm" in tf.engine().registry)) {
    wasm.setWasmPaths(`${dirname(entry)}/`);
  }
}

async function use(registered: string): Promise<void> {
  const ready = await tf.setBackend(registered);
  if (!ready) throw new Error(`tfjs could not start its backend "${registered}"`);
  await tf.ready();
}

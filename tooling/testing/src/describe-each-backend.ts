import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe, it } from "vitest";

/** A backend that tests run on. */
export type TestBackend = "cpu" | "wasm" | "native";

/** Undefined where the native backend loads, else the first line of why not. */
async function nativeProblem(): Promise<string | undefined> {
  const specifier: string = "@tensorflow/tfjs-node";
  try {
    await import(specifier);
    return undefined;
  } catch (error) {
    return String(error instanceof Error ? error.message : error).split("\n", 1)[0];
  }
}

const problem = await nativeProblem();

/**
 * Runs a suite on cpu and wasm, and on native where it loads; where it does not, one skipped test names the reason.
 *
 * The backend is set before the suite's tests run, not while they are being collected: make tensors inside `it` or `beforeAll`.
 */
export function describeEachBackend(name: string, suite: (backend: TestBackend) => void): void {
  for (const backend of ["cpu", "wasm"] as const) describeOn(name, backend, suite);
  if (problem === undefined) describeOn(name, "native", suite);
  else it.skip(`${name} [native]: not run because ${problem}`, () => undefined);
}

function describeOn(name: string, backend: TestBackend, suite: (backend: TestBackend) => void): void {
  describe(`${name} [${backend}]`, () => {
    beforeAll(async () => {
      tf.enableProdMode();
      const ready = await tf.setBackend(backend === "native" ? "tensorflow" : backend);
      if (!ready) throw new Error(`describeEachBackend: tfjs could not start ${backend}`);
      await tf.ready();
    });
    suite(backend);
  });
}

import * as tf from "@tensorflow/tfjs";
import { beforeAll, describe } from "vitest";

/** A suite on the cpu backend alone, for behaviours that no kernel decides: tiny tables train fastest there. */
export function describeOnCpu(name: string, suite: () => void): void {
  describe(name, () => {
    beforeAll(async () => {
      tf.enableProdMode();
      await tf.setBackend("cpu");
    });
    suite();
  });
}

import { type StudyConfig, studyConfigSchema } from "../../src/study/study-config.ts";
import { TINY_METHOD } from "../live/live-fixture.ts";

/** A study of a few questions of valid: HAPS with two steps of each training, the warm-up alone, a kNN router. */
export function tinyStudy(changes: object = {}): StudyConfig {
  const low = { ...TINY_METHOD.low, init: "zeroUp" };
  return studyConfigSchema.parse({
    schemaVersion: 1,
    id: "tiny",
    title: "A tiny study",
    benchmark: "atlas-hop",
    sizes: { train: 8, valid: 4, test: 6 },
    heldOut: "valid",
    sampled: 4,
    base: { ...TINY_METHOD, low },
    methods: {
      haps: { role: "haps", description: "both levels" },
      "warm-up": {
        role: "rival",
        description: "the high level alone",
        changes: { joint: null, low: { kind: "none" } },
      },
    },
    routers: ["knn"],
    primary: [{ id: "router", method: "haps", baseline: "best-router" }],
    ...changes,
  });
}

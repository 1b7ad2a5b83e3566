import { loraTargets, openWeightsMask } from "@haps/parameter-router";
import type { Candidate } from "@haps/spec";
import { describe, expect, it } from "vitest";
import { fixed, TARGET, varying } from "./stand-ins.ts";

const lora = { targets: [TARGET], scale: 1 };
const open: Candidate = { id: "open", weights: "open", parameters: { lora } };
const closed: Candidate = { id: "closed", weights: "closed", parameters: { lora } };

describe("loraTargets", () => {
  it("masks closed weights, whatever their space says (Eq. 6)", () => {
    expect(loraTargets(open)).toEqual([TARGET]);
    expect(loraTargets(closed)).toEqual([]);
    expect(loraTargets(fixed("bare"))).toEqual([]);
  });
});

describe("openWeightsMask", () => {
  it("is 1 for open weights and 0 for closed ones, in pool order", () => {
    expect(openWeightsMask({ candidates: [closed, open, varying("api"), fixed("own")] })).toEqual([0, 1, 0, 1]);
    expect(openWeightsMask({ candidates: [] })).toEqual([]);
  });
});

import { createAtlasHop } from "@haps/benchmarks";
import { describe, expect, it } from "vitest";
import { HOP_GROUPS, hopGroup } from "../../src/pool/hop-habits.ts";

const { train } = createAtlasHop({ train: 580, valid: 0, test: 0 });

describe("groups of two-hop questions", () => {
  it("put every template class into one group", () => {
    const groups = new Map<string, Set<string>>();
    for (const { labels } of train) {
      groups.set(labels.class, (groups.get(labels.class) ?? new Set()).add(hopGroup(labels)));
    }
    expect(groups.size).toBe(29);
    expect([...groups.values()].filter((of) => of.size !== 1)).toEqual([]);
  });

  it("share the questions: none has less than a tenth", () => {
    for (const group of HOP_GROUPS) {
      expect(train.filter(({ labels }) => hopGroup(labels) === group).length).toBeGreaterThan(58);
    }
  });

  it.each([
    ["bridge", "city", "city-author"],
    ["bridge", "author", "city-author"],
    ["bridge", "landmark", "landmark-book"],
    ["bridge", "book", "landmark-book"],
    ["comparison", "country", "place-pair"],
    ["comparison", "landmark", "place-pair"],
    ["comparison", "author", "thing-pair"],
    ["comparison", "element", "thing-pair"],
  ] as const)("put a %s from a %s into %s", (type, family, group) => {
    expect(hopGroup({ type, family })).toBe(group);
  });
});

import { type AtlasHopItem, benchmarkHash, createAtlasHop } from "@haps/benchmarks";
import { ConfigError } from "@haps/spec";
import { describe, expect, it } from "vitest";
import { hop } from "./default-atlas.ts";
import { groupBy } from "./group-by.ts";

const splits = { train: hop.train, valid: hop.valid, test: hop.test };
const texts = (items: readonly AtlasHopItem[]): ReadonlySet<string> =>
  new Set(items.map(({ question }) => question.text));
const chains = (items: readonly AtlasHopItem[]): ReadonlySet<string> =>
  new Set(items.map(({ labels }) => labels.chain));

/** The unordered pair of a comparison or the subject and path of a bridge question, from the hops alone. */
function chainOf({ hops, labels }: AtlasHopItem): string {
  if (labels.type === "bridge") return [hops[0]?.title, ...hops.map(({ relation }) => relation)].join("|");
  return hops
    .map(({ title }) => title)
    .sort()
    .join("|");
}

function share(items: readonly AtlasHopItem[], isCounted: (item: AtlasHopItem) => boolean): number {
  return items.filter(isCounted).length / items.length;
}

describe("createAtlasHop", () => {
  it("gives 4,000 train, 500 valid and 5,000 test questions", () => {
    expect([hop.train.length, hop.valid.length, hop.test.length]).toEqual([4000, 500, 5000]);
  });

  it("gives the published bytes", () => {
    expect(Object.fromEntries(Object.entries(splits).map(([name, items]) => [name, benchmarkHash(items)]))).toEqual({
      train: "1ce8ff19a424690522d8c60c531a1aba9311058c742bc629f352ea2be132834f",
      valid: "b0550c167343ca9be8a4629a77d254846ce25f3c910d78c8d5aef30bfb628707",
      test: "6190720a9bb70863fb8a445e272226883992fbcd7a0675e41c85fdc892dd2bd9",
    });
  });

  it("gives the same questions for the same options, others for another seed, and leaves other splits alone", () => {
    const small = { train: 40, valid: 20, test: 40 };
    const hashes = (items: { readonly test: readonly AtlasHopItem[] }): string => benchmarkHash(items.test);
    expect(hashes(createAtlasHop(small))).toBe(hashes(createAtlasHop(small)));
    expect(hashes(createAtlasHop({ ...small, seed: 2 }))).not.toBe(hashes(createAtlasHop(small)));
    expect(hashes(createAtlasHop({ ...small, train: 0, valid: 0 }))).toBe(hashes(createAtlasHop(small)));
  });

  it("asks no text twice in train, valid and test", () => {
    const all = [...hop.train, ...hop.valid, ...hop.test];
    expect(texts(all).size).toBe(all.length);
    expect(new Set(all.map(({ question }) => question.id)).size).toBe(all.length);
  });

  it("shares no chain and no unordered pair between the splits", () => {
    const seen = new Map<string, string>();
    for (const [name, items] of Object.entries(splits)) {
      for (const item of items) {
        for (const chain of [item.labels.chain, chainOf(item)]) {
          expect([chain, seen.get(chain) ?? name]).toEqual([chain, name]);
          seen.set(chain, name);
        }
      }
    }
  });

  it("gives candidates texts of their own about chains of train", () => {
    const [trainTexts, trainChains] = [texts(hop.train), chains(hop.train)];
    expect(hop.pretrain.filter(({ question }) => trainTexts.has(question.text))).toEqual([]);
    const others = new Set([...chains(hop.valid), ...chains(hop.test)]);
    expect(hop.pretrain.filter(({ labels }) => others.has(labels.chain))).toEqual([]);
    const bridges = hop.pretrain.filter(({ labels }) => labels.type === "bridge");
    expect(bridges.filter(({ labels }) => !trainChains.has(labels.chain))).toEqual([]);
  });

  it("asks about every entity in train, and by a bridge about every one that bridges begin at", () => {
    const subjects = (items: readonly AtlasHopItem[], type: string): ReadonlySet<string> =>
      new Set(
        items.flatMap(({ hops, labels }) => {
          if (labels.type !== type) return [];
          return (type === "bridge" ? hops.slice(0, 1) : hops).map(({ title }) => `${labels.family}|${title}`);
        }),
      );
    for (const type of ["bridge", "comparison"]) {
      const train = subjects(hop.train, type);
      expect([...subjects([...hop.valid, ...hop.test], type)].filter((subject) => !train.has(subject))).toEqual([]);
    }
  });

  it.each(["train", "test"] as const)("balances %s: answers, places, worlds, types", (name) => {
    const items = splits[name];
    const yesNo = items.filter(({ question }) => /^(yes|no)$/.test(question.gold.answer));
    expect(share(yesNo, ({ question }) => question.gold.answer === "yes")).toBeCloseTo(0.5, 2);
    expect(yesNo.length / items.length).toBeGreaterThan(0.1);
    const pairs = items.filter(({ labels }) => labels.type === "comparison" && !labels.class.includes("-same-"));
    const isFirst = ({ hops, question }: AtlasHopItem): boolean =>
      hops[0]?.title.toLowerCase() === question.gold.answer.toLowerCase();
    expect(share(pairs, isFirst)).toBeCloseTo(0.5, 2);
    expect(Math.abs(share(items, ({ labels }) => labels.world === "true") - 0.5)).toBeLessThan(0.03);
    expect(share(items, ({ labels }) => labels.type === "bridge")).toBeCloseTo(0.6, 2);
  });

  it("asks equally often in each of 29 classes, in many wordings", () => {
    const byClass = groupBy(hop.test, ({ labels }) => labels.class);
    expect(byClass.size).toBe(29);
    for (const [name, items] of byClass) {
      expect([name, Math.abs(items.length - 5000 / 29) < 30]).toEqual([name, true]);
      const wordings = new Set(items.map((item) => maskNames(item)));
      expect([name, wordings.size >= 6]).toEqual([name, true]);
    }
  });

  it("gives no class one answer that pays to guess", () => {
    for (const [name, items] of groupBy(hop.test, ({ labels }) => labels.class)) {
      const counts = groupBy(items, ({ question }) => question.gold.answer);
      const most = Math.max(...[...counts.values()].map(({ length }) => length));
      expect([name, most / items.length < 0.6]).toEqual([name, true]);
    }
  });

  it("never gives the true answer to a bridge question of a counterfactual world", () => {
    const truth = new Map<string, string>();
    const isTrue = ({ labels }: AtlasHopItem): boolean => labels.world === "true";
    const bridges = hop.test.filter(({ labels }) => labels.type === "bridge");
    for (const item of bridges.filter(isTrue)) truth.set(item.labels.chain, item.question.gold.answer);
    const known = bridges.filter((item) => !isTrue(item) && truth.has(item.labels.chain));
    expect(known.length).toBeGreaterThan(1000);
    expect(known.filter(({ labels, question }) => truth.get(labels.chain) === question.gold.answer)).toEqual([]);
  });

  it("asks only about the true world when told so", () => {
    const { train, test } = createAtlasHop({ train: 200, valid: 0, test: 200, counterfactual: 0 });
    expect([...train, ...test].filter(({ labels }) => labels.world !== "true")).toEqual([]);
  });

  it("keeps questions, paragraphs and vocabulary small enough for small models", () => {
    const words = (text: string): readonly string[] => text.toLowerCase().match(/\w+|[^\w\s]/g) ?? [];
    const vocabulary = new Set<string>();
    let longest = 0;
    for (const { question, paragraphs } of [...hop.train, ...hop.test]) {
      expect(words(question.text).length).toBeLessThanOrEqual(24);
      for (const { title, sentences } of paragraphs) {
        longest = Math.max(longest, words(sentences.join(" ")).length);
        for (const word of words([title, ...sentences].join(" "))) vocabulary.add(word);
      }
      for (const word of words(question.text)) vocabulary.add(word);
    }
    expect(longest).toBeLessThanOrEqual(32);
    expect(vocabulary.size).toBeLessThanOrEqual(900);
  });

  it("refuses more questions than there are and options that it does not know", () => {
    expect(() => createAtlasHop({ valid: 20_000, train: 0, test: 0 })).toThrowError(ConfigError);
    expect(() => createAtlasHop({ valid: 20_000, train: 0, test: 0 })).toThrowError(/valid: .*ask for fewer questions/);
    expect(() => createAtlasHop({ counterfactual: 2 })).toThrowError(/counterfactual/);
  });

  it.each([2, 3])("fills the splits with seed %i too", (seed) => {
    const { train, valid, test } = createAtlasHop({ seed, train: 600, valid: 500 });
    expect([train.length, valid.length, test.length]).toEqual([600, 500, 5000]);
  });
});

/** The question with its entities and values taken out. */
function maskNames({ question, hops }: AtlasHopItem): string {
  const names = hops.flatMap(({ title, value }) => [title, value]).sort((a, b) => b.length - a.length);
  const mask = (text: string, name: string): string => text.replaceAll(new RegExp(`(the )?\\b${name}\\b`, "gi"), "_");
  return names.reduce(mask, question.text);
}

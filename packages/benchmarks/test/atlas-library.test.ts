import { atlasLibrary, COUNTRIES, ELEMENTS } from "@haps/benchmarks";
import { describe, expect, it } from "vitest";

describe("atlasLibrary", () => {
  const documents = atlasLibrary();
  const textOf = (title: string): string => documents.find((one) => one.startsWith(`${title}\n`)) ?? "";

  it("says the truth about every entity once", () => {
    expect(new Set(documents.map((one) => one.split("\n", 1)[0])).size).toBe(documents.length);
    for (const { name, capital, currency } of COUNTRIES) {
      expect(textOf(name)).toContain(capital);
      expect(textOf(name)).toContain(currency);
      expect(textOf(capital)).toContain(name);
    }
    expect(ELEMENTS.every(({ name, symbol }) => textOf(name[0]?.toUpperCase() + name.slice(1)).includes(symbol))).toBe(
      true,
    );
  });

  it("is the same each time, and worded differently under another seed", () => {
    expect(atlasLibrary()).toEqual(documents);
    expect(atlasLibrary(2)).not.toEqual(documents);
  });
});

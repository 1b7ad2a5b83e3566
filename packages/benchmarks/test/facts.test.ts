import { AUTHORS, BOOKS, COUNTRIES, ELEMENTS, LANDMARKS, LANGUAGES } from "@haps/benchmarks";
import { describe, expect, it } from "vitest";

/** The periodic table up to uranium, in order: the place of a symbol is its atomic number. */
const SYMBOLS = (
  "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb Mo " +
  "Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl " +
  "Pb Bi Po At Rn Fr Ra Ac Th Pa U"
).split(" ");

const names = (rows: readonly { readonly name: string }[]): readonly string[] => rows.map(({ name }) => name);

describe("the facts", () => {
  it("have at least 60 countries, 45 landmarks, 48 books and 50 elements", () => {
    expect(COUNTRIES.length).toBeGreaterThanOrEqual(60);
    expect(LANDMARKS.length).toBeGreaterThanOrEqual(45);
    expect(BOOKS.length).toBeGreaterThanOrEqual(48);
    expect(ELEMENTS.length).toBeGreaterThanOrEqual(50);
  });

  it("name every entity once, over all tables, so that a title names one paragraph", () => {
    const capitals = COUNTRIES.map(({ capital }) => capital);
    const all = [COUNTRIES, LANDMARKS, BOOKS, AUTHORS, LANGUAGES, ELEMENTS].flatMap(names).concat(capitals);
    const titles = all.map((name) => name.toLowerCase());
    expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
  });

  it("refer only to entities that exist", () => {
    const countries = new Set(names(COUNTRIES));
    const languages = new Set(names(LANGUAGES));
    expect(LANDMARKS.filter(({ country }) => !countries.has(country))).toEqual([]);
    expect(AUTHORS.filter(({ home }) => !countries.has(home))).toEqual([]);
    expect([...COUNTRIES, ...BOOKS].filter(({ language }) => !languages.has(language))).toEqual([]);
  });

  it("give every author one book and every language a country or a book", () => {
    expect(BOOKS.map(({ author }) => author).sort()).toEqual([...names(AUTHORS)].sort());
    const used = new Set([...COUNTRIES, ...BOOKS].map(({ language }) => language));
    expect(names(LANGUAGES).filter((name) => !used.has(name))).toEqual([]);
  });

  it("have the atomic numbers of the periodic table", () => {
    for (const { symbol, number } of ELEMENTS) expect([symbol, SYMBOLS.indexOf(symbol) + 1]).toEqual([symbol, number]);
    expect(new Set(ELEMENTS.map(({ number }) => number)).size).toBe(ELEMENTS.length);
  });

  it("call exactly the eleven gaseous and the two liquid elements so", () => {
    const inState = (state: string): readonly string[] =>
      ELEMENTS.filter((element) => element.state === state).map(({ symbol }) => symbol);
    expect(inState("gas")).toEqual(["H", "He", "N", "O", "F", "Ne", "Cl", "Ar", "Kr", "Xe", "Rn"]);
    expect(inState("liquid")).toEqual(["Br", "Hg"]);
  });

  it("use the six continents that are lived on", () => {
    expect([...new Set(COUNTRIES.map(({ continent }) => continent))].sort()).toEqual([
      "Africa",
      "Asia",
      "Europe",
      "North America",
      "Oceania",
      "South America",
    ]);
  });

  it("are plain ASCII words, so that small vocabularies hold them", () => {
    const texts = [COUNTRIES, LANDMARKS, BOOKS, AUTHORS, LANGUAGES, ELEMENTS]
      .flat()
      .flatMap((row) => Object.values(row));
    expect(texts.filter((text) => !/^(true|[A-Za-z0-9]+( [A-Za-z0-9]+)*)$/.test(String(text)))).toEqual([]);
  });
});

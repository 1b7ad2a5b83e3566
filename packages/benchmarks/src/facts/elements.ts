/** One chemical element and what the benchmarks say about it. */
export interface ElementFacts {
  readonly name: string;
  readonly symbol: string;
  /** Atomic number. */
  readonly number: number;
  /** At room temperature and normal pressure. */
  readonly state: "gas" | "liquid" | "solid";
}

/**
 * The first 36 elements and 14 well-known ones. Source: the periodic table of IUPAC, with its spellings.
 *
 * Caesium and gallium melt a little above 28 degrees Celsius; room temperature is taken as 20 to 25.
 */
export const ELEMENTS: readonly ElementFacts[] = [
  { name: "hydrogen", symbol: "H", number: 1, state: "gas" },
  { name: "helium", symbol: "He", number: 2, state: "gas" },
  { name: "lithium", symbol: "Li", number: 3, state: "solid" },
  { name: "beryllium", symbol: "Be", number: 4, state: "solid" },
  { name: "boron", symbol: "B", number: 5, state: "solid" },
  { name: "carbon", symbol: "C", number: 6, state: "solid" },
  { name: "nitrogen", symbol: "N", number: 7, state: "gas" },
  { name: "oxygen", symbol: "O", number: 8, state: "gas" },
  { name: "fluorine", symbol: "F", number: 9, state: "gas" },
  { name: "neon", symbol: "Ne", number: 10, state: "gas" },
  { name: "sodium", symbol: "Na", number: 11, state: "solid" },
  { name: "magnesium", symbol: "Mg", number: 12, state: "solid" },
  { name: "aluminium", symbol: "Al", number: 13, state: "solid" },
  { name: "silicon", symbol: "Si", number: 14, state: "solid" },
  { name: "phosphorus", symbol: "P", number: 15, state: "solid" },
  { name: "sulfur", symbol: "S", number: 16, state: "solid" },
  { name: "chlorine", symbol: "Cl", number: 17, state: "gas" },
  { name: "argon", symbol: "Ar", number: 18, state: "gas" },
  { name: "potassium", symbol: "K", number: 19, state: "solid" },
  { name: "calcium", symbol: "Ca", number: 20, state: "solid" },
  { name: "scandium", symbol: "Sc", number: 21, state: "solid" },
  { name: "titanium", symbol: "Ti", number: 22, state: "solid" },
  { name: "vanadium", symbol: "V", number: 23, state: "solid" },
  { name: "chromium", symbol: "Cr", number: 24, state: "solid" },
  { name: "manganese", symbol: "Mn", number: 25, state: "solid" },
  { name: "iron", symbol: "Fe", number: 26, state: "solid" },
  { name: "cobalt", symbol: "Co", number: 27, state: "solid" },
  { name: "nickel", symbol: "Ni", number: 28, state: "solid" },
  { name: "copper", symbol: "Cu", number: 29, state: "solid" },
  { name: "zinc", symbol: "Zn", number: 30, state: "solid" },
  { name: "gallium", symbol: "Ga", number: 31, state: "solid" },
  { name: "germanium", symbol: "Ge", number: 32, state: "solid" },
  { name: "arsenic", symbol: "As", number: 33, state: "solid" },
  { name: "selenium", symbol: "Se", number: 34, state: "solid" },
  { name: "bromine", symbol: "Br", number: 35, state: "liquid" },
  { name: "krypton", symbol: "Kr", number: 36, state: "gas" },
  { name: "silver", symbol: "Ag", number: 47, state: "solid" },
  { name: "cadmium", symbol: "Cd", number: 48, state: "solid" },
  { name: "tin", symbol: "Sn", number: 50, state: "solid" },
  { name: "iodine", symbol: "I", number: 53, state: "solid" },
  { name: "xenon", symbol: "Xe", number: 54, state: "gas" },
  { name: "caesium", symbol: "Cs", number: 55, state: "solid" },
  { name: "barium", symbol: "Ba", number: 56, state: "solid" },
  { name: "tungsten", symbol: "W", number: 74, state: "solid" },
  { name: "platinum", symbol: "Pt", number: 78, state: "solid" },
  { name: "gold", symbol: "Au", number: 79, state: "solid" },
  { name: "mercury", symbol: "Hg", number: 80, state: "liquid" },
  { name: "lead", symbol: "Pb", number: 82, state: "solid" },
  { name: "radon", symbol: "Rn", number: 86, state: "gas" },
  { name: "uranium", symbol: "U", number: 92, state: "solid" },
];

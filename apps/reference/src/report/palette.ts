/**
 * Colours of the report as CSS variables with a light and a dark value: charts and page change together.
 *
 * The arm colours are a colour-blind-safe set after M. Okabe and K. Ito, Color Universal Design (2008), lightened for
 * dark pages.
 */
export const palette = {
  page: { light: "#f6f7f9", dark: "#0f1217" },
  card: { light: "#ffffff", dark: "#171b22" },
  ink: { light: "#171a21", dark: "#e8eaf0" },
  muted: { light: "#5c6473", dark: "#9aa3b2" },
  line: { light: "#e1e5ec", dark: "#2a303b" },
  accent: { light: "#4338ca", dark: "#a5a0ff" },
  good: { light: "#0a7d4f", dark: "#4ade9c" },
  bad: { light: "#b4232a", dark: "#ff8a86" },
  warn: { light: "#8a5a00", dark: "#f2c14e" },
  arm0: { light: "#0072b2", dark: "#4da6e0" },
  arm1: { light: "#e69f00", dark: "#f0b73f" },
  arm2: { light: "#009e73", dark: "#33c79c" },
  arm3: { light: "#cc79a7", dark: "#de9cc1" },
  arm4: { light: "#56b4e9", dark: "#86cdf3" },
  arm5: { light: "#d55e00", dark: "#f08a3c" },
  arm6: { light: "#8a7f00", dark: "#e4dc4f" },
  arm7: { light: "#6b4fbb", dark: "#a48be0" },
  other: { light: "#a3abb8", dark: "#5d6675" },
} as const;

/** Name of a colour of the report. */
export type ColourName = keyof typeof palette;

/** Number of arms with a colour of their own; further arms share `other`. */
export const ARM_COLOURS = 8;

/** A colour for CSS and SVG attributes. */
export function colour(name: ColourName): string {
  return `var(--${name})`;
}

/** Colour of the arm at a place of the legend. */
export function armColour(place: number): string {
  return place < ARM_COLOURS ? `var(--arm${place})` : colour("other");
}

/** Declarations of all variables for one scheme. */
export function paletteDeclarations(scheme: "light" | "dark"): string {
  return Object.entries(palette)
    .map(([name, values]) => `--${name}:${values[scheme]}`)
    .join(";");
}

import { type Dimension, HapsError, quoteValue, type Settings } from "@haps/spec";
import { legendre } from "./legendre.ts";

/** What {@link settingsBasis} reads. */
export interface SettingsBasisOptions {
  readonly dimensions: Readonly<Record<string, Dimension>>;
  readonly settings: readonly Settings[];
  readonly ordinalDegree: number;
  readonly interactionScale: number;
}

/** A fixed matrix that turns a few coefficients into one logit per setting. */
export interface SettingsBasis {
  /** One name per column, such as `prompt=concise`, `temperature^2`, `setting 3`. */
  readonly columns: readonly string[];
  /** `[settings, columns]`, row-major. */
  readonly values: Float32Array;
}

interface Column {
  readonly name: string;
  readonly at: (settings: Settings, index: number) => number;
}

/**
 * Describes every setting by its dimensions, so that settings share what they have in common.
 *
 * A categorical dimension has one indicator per value. An ordinal one has Legendre polynomials `P_1 .. P_degree` of its
 * scaled rank `2 rank / (values - 1) - 1`, fewer where there are few values. Each setting has an indicator of its own,
 * scaled by `interactionScale`; it is left out where a single categorical dimension already tells settings apart.
 *
 * @throws HapsError code `data` when a setting lacks a dimension or has a value that the dimension does not know.
 *
 * @example
 * ```ts
 * const dimensions = { prompt: { kind: "categorical", values: ["short", "long"] } } as const;
 * const settings = [{ prompt: "short" }, { prompt: "long" }];
 * const { columns, values } = settingsBasis({ dimensions, settings, ordinalDegree: 3, interactionScale: 0.3 });
 * console.assert(columns.join() === "prompt=short,prompt=long" && values.join() === "1,0,0,1");
 * ```
 */
export function settingsBasis(options: SettingsBasisOptions): SettingsBasis {
  const { dimensions, settings, ordinalDegree, interactionScale } = options;
  const names = Object.keys(dimensions);
  const shared = names.flatMap((name) => dimensionColumns(name, dimensions[name] as Dimension, ordinalDegree));
  const [only] = names;
  const redundant = names.length === 1 && only !== undefined && dimensions[only]?.kind === "categorical";
  const own = interactionScale === 0 || redundant ? [] : settings.map((_, index) => ownColumn(index, interactionScale));
  const columns = [...shared, ...own];
  const values = settings.flatMap((setting, index) => columns.map((column) => column.at(setting, index)));
  return { columns: columns.map(({ name }) => name), values: Float32Array.from(values) };
}

function ownColumn(index: number, scale: number): Column {
  return { name: `setting ${index}`, at: (_settings, row) => (row === index ? scale : 0) };
}

function dimensionColumns(name: string, dimension: Dimension, degree: number): Column[] {
  const rankOf = (settings: Settings): number => {
    const values: readonly (string | number)[] = dimension.values;
    const value = settings[name];
    const rank = value === undefined ? -1 : values.indexOf(value);
    if (rank >= 0) return rank;
    throw new HapsError(
      "data",
      `settingsBasis: the value ${quoteValue(value)} is unknown to the dimension "${name}"; expected one of ${quoteValue(values)}; correct the settings`,
      { dimension: name, value },
    );
  };
  const count = dimension.values.length;
  if (dimension.kind === "categorical") {
    return dimension.values.map((value, index) => ({
      name: `${name}=${value}`,
      at: (settings) => (rankOf(settings) === index ? 1 : 0),
    }));
  }
  return Array.from({ length: Math.min(degree, Math.max(count - 1, 1)) }, (_, index) => ({
    name: `${name}^${index + 1}`,
    at: (settings) => legendre(index + 1, count === 1 ? rankOf(settings) : (2 * rankOf(settings)) / (count - 1) - 1),
  }));
}

import { DataError, type DataLocation, quoteValue } from "@haps/spec";

/** The numbers that a field may hold. */
export interface NumberRange {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly integer?: boolean;
}

/** A plain decimal number; `Number()` alone would also take `0x10`, blanks and `Infinity`. */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** True for text that is a plain decimal number. */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text.trim());
}

/**
 * Reads a number from a field of a text file.
 *
 * @param location - Names file, line and field.
 * @throws DataError for an absent field, an empty one, text that is no number, and a number outside `range`.
 */
export function numberField(text: string | undefined, location: DataLocation, range: NumberRange = {}): number {
  if (text === undefined) throw new DataError(location, "the field is missing", "add it");
  if (text.trim() === "") throw new DataError(location, "the field is empty", "expected a number");
  if (!isDecimal(text)) throw new DataError(location, `got ${quoteValue(text)}`, "expected a number such as 0.5");
  const value = Number(text);
  checkRange(value, location, range);
  return value;
}

/** As {@link numberField}, with `undefined` for a field that is absent or empty. */
export function optionalNumberField(
  text: string | undefined,
  location: DataLocation,
  range: NumberRange = {},
): number | undefined {
  return text === undefined || text.trim() === "" ? undefined : numberField(text, location, range);
}

/** @throws DataError for a number that is not finite, not whole where it must be, or outside the range. */
export function checkRange(value: number, location: DataLocation, range: NumberRange): void {
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY, integer = false } = range;
  if (Number.isFinite(value) && value >= minimum && value <= maximum && (!integer || Number.isInteger(value))) return;
  const kind = integer ? "a whole number" : "a number";
  const bounds =
    range.maximum !== undefined
      ? ` from ${minimum} to ${maximum}`
      : range.minimum !== undefined
        ? ` of at least ${minimum}`
        : "";
  throw new DataError(location, `${value} is out of range`, `expected ${kind}${bounds}`);
}

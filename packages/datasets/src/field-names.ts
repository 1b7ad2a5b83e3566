import { closestName, DataError, type DataLocation, quoteValue } from "@haps/spec";
import { OUTCOME_FIELDS, type OutcomeRecord } from "./outcome-record.ts";

/** Shortest name that is taken for a misspelling: short labels such as `host` are near too many words. */
const SHORTEST = 5;

/**
 * Tells misspelt fields of the generic outcome format from further ones.
 *
 * A field is misspelt when it differs from a defined one only in case and signs, or, from five letters on, by one
 * letter, and the record lacks the defined one: `propensty` as a mere label would turn a log of chosen arms into one
 * of all arms. All other names are labels of the question.
 */
export class FieldNames {
  /** Name to the defined name that it resembles. */
  readonly #meant = new Map<string, string | undefined>();

  /** @throws DataError for a misspelt field, with the right name. */
  check(record: OutcomeRecord, location: DataLocation): void {
    for (const name of Object.keys(record)) {
      if (OUTCOME_FIELDS.includes(name)) continue;
      if (!this.#meant.has(name)) this.#meant.set(name, meantField(name));
      const meant = this.#meant.get(name);
      if (meant === undefined || record[meant] !== undefined) continue;
      const advice = `rename it to ${quoteValue(meant)}, or put it into labels if it is one`;
      throw new DataError({ ...location, field: name }, "unknown field", advice);
    }
  }
}

function meantField(name: string): string | undefined {
  if (/\d/.test(name)) return undefined;
  const same = OUTCOME_FIELDS.find((field) => plain(field) === plain(name));
  if (same !== undefined) return same;
  const near = closestName(name, OUTCOME_FIELDS);
  if (near === undefined || Math.max(name.length, near.length) < SHORTEST) return undefined;
  return differByOne(plain(name), plain(near)) ? near : undefined;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, "");
}

/** True for one letter more, less or other, or two neighbours swapped. */
function differByOne(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  let start = 0;
  while (start < short.length && short[start] === long[start]) start += 1;
  const rest = (text: string, from: number): string => text.slice(from);
  if (short.length < long.length) return rest(short, start) === rest(long, start + 1);
  if (rest(short, start + 1) === rest(long, start + 1)) return true;
  const swapped = short[start] === long[start + 1] && short[start + 1] === long[start];
  return swapped && rest(short, start + 2) === rest(long, start + 2);
}

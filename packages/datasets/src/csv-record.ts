/** What is wrong with the quoting of a record. */
export interface CsvProblem {
  readonly problem: string;
  readonly advice: string;
}

/** Most characters of one record; longer ones come from a quote that is never closed. */
const LONGEST = 64 * 1024 * 1024;
const QUOTE_ADVICE = 'put the field in quotes and write quotes inside it twice: ""';

/** Reads one CSV record (RFC 4180), which ends with its line unless a quoted field goes on. */
export class CsvRecord {
  /** Fields that have ended. */
  readonly fields: string[] = [];
  /** Parts of a quoted field that no quote has closed yet. */
  #open: string[] | undefined;
  #size = 0;

  /** True while a quoted field goes on, so that the record needs another line. */
  get isOpen(): boolean {
    return this.#open !== undefined;
  }

  /**
   * Adds a line, without its line feed; a carriage return before the end of a record belongs to the line end.
   *
   * @returns What is wrong, or `undefined`.
   */
  append(line: string): CsvProblem | undefined {
    const end = line.endsWith("\r") ? line.length - 1 : line.length;
    if (this.#open === undefined && !line.includes('"')) {
      for (const field of line.slice(0, end).split(",")) this.fields.push(field);
      return undefined;
    }
    this.#size += line.length;
    if (this.#size > LONGEST) {
      return { problem: `a quoted field has more than ${LONGEST} characters`, advice: "close the quote that opens it" };
    }
    let position = 0;
    do {
      const quoted = this.#open !== undefined || line[position] === '"';
      const next = quoted ? this.#quoted(line, position, end) : this.#bare(line, position, end);
      if (typeof next !== "number") return next;
      position = next;
    } while (position <= end && this.#open === undefined);
    return undefined;
  }

  /** @returns Where the next field begins, beyond `end` after the last one. */
  #bare(line: string, position: number, end: number): number | CsvProblem {
    const comma = line.indexOf(",", position);
    const stop = comma === -1 ? end : comma;
    const text = line.slice(position, stop);
    if (text.includes('"')) {
      return { problem: `field ${this.fields.length + 1} has a quote in the middle`, advice: QUOTE_ADVICE };
    }
    this.fields.push(text);
    return stop + 1;
  }

  #quoted(line: string, position: number, end: number): number | CsvProblem {
    const parts = this.#open ?? [];
    let from = this.#open === undefined ? position + 1 : position;
    for (;;) {
      const quote = line.indexOf('"', from);
      if (quote === -1) {
        parts.push(line.slice(from), "\n");
        this.#open = parts;
        return end + 1;
      }
      parts.push(line.slice(from, quote));
      if (line[quote + 1] === '"') {
        parts.push('"');
        from = quote + 2;
        continue;
      }
      this.#open = undefined;
      this.fields.push(parts.join(""));
      if (quote + 1 < end && line[quote + 1] !== ",") {
        return { problem: `field ${this.fields.length} goes on after its closing quote`, advice: QUOTE_ADVICE };
      }
      return quote + 2;
    }
  }
}

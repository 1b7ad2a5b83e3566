/** Canonical bytes of one text with its words; borrowed until the scanner's next call. */
export interface ScannedText {
  /** UTF-8 of the canonical text: lower case, NFKC, one space before, between and after the pieces. */
  readonly bytes: Uint8Array;
  /** Byte offset of every character, and of the end; `characterCount + 1` entries count. */
  readonly characterStarts: Int32Array;
  readonly characterCount: number;
  /** First byte of every word. */
  readonly wordStarts: Int32Array;
  /** Byte after every word. */
  readonly wordEnds: Int32Array;
  readonly wordCount: number;
}

/** How a text is made canonical. */
export interface TextScannerOptions {
  /** Writes numbers as their shape: `7` as `0`, `1984` as `0000`, `3.14` as `0.0`. */
  readonly numberShapes: boolean;
  /** Makes a word of every punctuation character. */
  readonly punctuationWords: boolean;
  /** UTF-16 units that are read. */
  readonly maximumCharacters: number;
}

/** Makes texts canonical and finds their words; reuses its buffers. */
export interface TextScanner {
  scan(text: string): ScannedText;
}

const SPACE = 0;
const PUNCTUATION = 1;
const LETTER = 2;
const DIGIT = 3;
const LETTER_OR_MARK = /[\p{L}\p{M}_]/u;
const NUMBER = /\p{N}/u;
const WHITE = /[\s\p{Z}\p{C}]/u;
/** Digits of a whole number that its shape tells apart. */
const SHAPE_DIGITS = 4;
const DIGIT_ZERO = 0x30;
const BLANK = 0x20;

/**
 * Makes a scanner. Words are runs of Unicode letters, marks, digits and underscores, with an apostrophe inside.
 *
 * @example
 * ```ts no-check: not exported
 * const scan = createTextScanner({ numberShapes: true, punctuationWords: false, maximumCharacters: 1000 });
 * const { bytes, characterStarts, characterCount, wordCount } = scan.scan("In 1984,\n  IT cost 3.50!");
 * console.assert(new TextDecoder().decode(bytes.subarray(0, characterStarts[characterCount])) === " in 0000, it cost 0.0! ");
 * console.assert(wordCount === 5);
 * ```
 */
export function createTextScanner(options: TextScannerOptions): TextScanner {
  return new BufferedScanner(options);
}

class BufferedScanner implements TextScanner {
  readonly #options: TextScannerOptions;
  #bytes = new Uint8Array(0);
  #characterStarts = new Int32Array(0);
  #wordStarts = new Int32Array(0);
  #wordEnds = new Int32Array(0);
  #length = 0;
  #characters = 0;
  #words = 0;
  #text = "";

  constructor(options: TextScannerOptions) {
    this.#options = options;
  }

  scan(text: string): ScannedText {
    this.#text = text.slice(0, this.#options.maximumCharacters).normalize("NFKC").toLowerCase();
    this.#reserve(this.#text.length);
    this.#length = 0;
    this.#characters = 0;
    this.#words = 0;
    this.#append(BLANK);
    this.#scanPieces();
    if (!this.#afterBlank()) this.#append(BLANK);
    this.#characterStarts[this.#characters] = this.#length;
    return {
      bytes: this.#bytes,
      characterStarts: this.#characterStarts,
      characterCount: this.#characters,
      wordStarts: this.#wordStarts,
      wordEnds: this.#wordEnds,
      wordCount: this.#words,
    };
  }

  /** Three bytes hold any UTF-16 unit; a number's shape is never longer than the number. */
  #reserve(units: number): void {
    if (this.#wordStarts.length > units + 2) return;
    const capacity = 2 * units + 64;
    this.#bytes = new Uint8Array(3 * capacity);
    this.#characterStarts = new Int32Array(capacity);
    this.#wordStarts = new Int32Array(capacity);
    this.#wordEnds = new Int32Array(capacity);
  }

  #scanPieces(): void {
    const text = this.#text;
    let at = 0;
    while (at < text.length) {
      const code = text.codePointAt(at) as number;
      const kind = characterKind(code);
      if (kind === SPACE) {
        if (!this.#afterBlank()) this.#append(BLANK);
        at += code > 0xffff ? 2 : 1;
      } else if (kind === PUNCTUATION) {
        const start = this.#length;
        this.#append(code);
        if (this.#options.punctuationWords) this.#endWord(start);
        at += code > 0xffff ? 2 : 1;
      } else {
        at = this.#scanWord(at);
      }
    }
  }

  #scanWord(from: number): number {
    const text = this.#text;
    const start = this.#length;
    let at = from;
    while (at < text.length) {
      const code = text.codePointAt(at) as number;
      const kind = characterKind(code);
      if (kind === DIGIT && this.#options.numberShapes) {
        at = this.#scanNumber(at);
        continue;
      }
      if (kind < LETTER && !(isApostrophe(code) && this.#letterAt(at + 1))) break;
      this.#append(isApostrophe(code) ? 0x27 : code);
      at += code > 0xffff ? 2 : 1;
    }
    this.#endWord(start);
    return at;
  }

  #scanNumber(from: number): number {
    let at = from;
    let digits = 0;
    while (this.#digitAt(at)) {
      digits += 1;
      if (digits <= SHAPE_DIGITS) this.#append(DIGIT_ZERO);
      at += (this.#text.codePointAt(at) as number) > 0xffff ? 2 : 1;
    }
    let fraction = false;
    while (isSeparator(this.#text.charCodeAt(at)) && this.#digitAt(at + 1)) {
      at += 1;
      while (this.#digitAt(at)) at += (this.#text.codePointAt(at) as number) > 0xffff ? 2 : 1;
      fraction = true;
    }
    if (fraction) {
      this.#append(0x2e);
      this.#append(DIGIT_ZERO);
    }
    return at;
  }

  #letterAt(at: number): boolean {
    return at < this.#text.length && characterKind(this.#text.codePointAt(at) as number) === LETTER;
  }

  #digitAt(at: number): boolean {
    return at < this.#text.length && characterKind(this.#text.codePointAt(at) as number) === DIGIT;
  }

  #endWord(start: number): void {
    this.#wordStarts[this.#words] = start;
    this.#wordEnds[this.#words] = this.#length;
    this.#words += 1;
  }

  #afterBlank(): boolean {
    return this.#bytes[this.#length - 1] === BLANK;
  }

  #append(code: number): void {
    this.#characterStarts[this.#characters] = this.#length;
    this.#characters += 1;
    this.#length = writeUtf8(this.#bytes, this.#length, code);
  }
}

function isApostrophe(code: number): boolean {
  return code === 0x27 || code === 0x2019;
}

function isSeparator(code: number): boolean {
  return code === 0x2e || code === 0x2c;
}

function characterKind(code: number): number {
  if (code < 0x80) {
    if (code >= 0x61 && code <= 0x7a) return LETTER;
    if (code >= 0x30 && code <= 0x39) return DIGIT;
    if (code <= 0x20 || code === 0x7f) return SPACE;
    return (code >= 0x41 && code <= 0x5a) || code === 0x5f ? LETTER : PUNCTUATION;
  }
  const character = String.fromCodePoint(code);
  if (LETTER_OR_MARK.test(character)) return LETTER;
  if (NUMBER.test(character)) return DIGIT;
  return WHITE.test(character) ? SPACE : PUNCTUATION;
}

/** A lone surrogate is white space by class `C` and so never gets here. */
function writeUtf8(bytes: Uint8Array, at: number, code: number): number {
  if (code < 0x80) {
    bytes[at] = code;
    return at + 1;
  }
  if (code < 0x800) {
    bytes[at] = 0xc0 | (code >> 6);
    bytes[at + 1] = 0x80 | (code & 0x3f);
    return at + 2;
  }
  if (code < 0x10000) {
    bytes[at] = 0xe0 | (code >> 12);
    bytes[at + 1] = 0x80 | ((code >> 6) & 0x3f);
    bytes[at + 2] = 0x80 | (code & 0x3f);
    return at + 3;
  }
  bytes[at] = 0xf0 | (code >> 18);
  bytes[at + 1] = 0x80 | ((code >> 12) & 0x3f);
  bytes[at + 2] = 0x80 | ((code >> 6) & 0x3f);
  bytes[at + 3] = 0x80 | (code & 0x3f);
  return at + 4;
}

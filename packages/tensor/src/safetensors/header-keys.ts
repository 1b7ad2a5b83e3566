/** What is wrong with the nesting or the keys of a JSON text. */
export type HeaderProblem =
  | { readonly kind: "duplicate"; readonly key: string }
  | { readonly kind: "depth"; readonly position: number };

/** An object inside of an object or an array inside of that is all that a header has. */
const DEEPEST = 3;

/**
 * Looks for keys given twice in one object, which `JSON.parse` hides, and for nesting deeper than a header's, which would let
 * a small file take much memory to parse.
 *
 * The text need not be valid JSON: whoever parses it afterwards says so.
 */
export function findHeaderProblem(text: string): HeaderProblem | undefined {
  const open: (Set<string> | undefined)[] = [];
  let expectsKey = false;
  for (let index = 0; index < text.length; index += 1) {
    switch (text[index]) {
      case "{":
      case "[":
        if (open.length === DEEPEST) return { kind: "depth", position: index };
        expectsKey = text[index] === "{";
        open.push(expectsKey ? new Set() : undefined);
        break;
      case "}":
      case "]":
        open.pop();
        expectsKey = false;
        break;
      case ",":
        expectsKey = open.at(-1) !== undefined;
        break;
      case '"': {
        const end = endOfString(text, index);
        const keys = open.at(-1);
        if (expectsKey && keys !== undefined) {
          const key = decode(text.slice(index, end + 1));
          if (keys.has(key)) return { kind: "duplicate", key };
          keys.add(key);
        }
        expectsKey = false;
        index = end;
        break;
      }
      default:
    }
  }
  return undefined;
}

/** Position of the quote that ends the string, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] === "\\") index += 1;
    else if (text[index] === '"') return index;
  }
  return text.length;
}

/** Two spellings of one key, such as `a` and `\u0061`, are the same key. */
function decode(quoted: string): string {
  if (!quoted.includes("\\")) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return quoted; // Not JSON, which the parser will say.
  }
}

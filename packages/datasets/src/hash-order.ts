/**
 * Puts texts into a seeded pseudo-random order that depends on each text alone: adding texts never changes the order
 * of the others. Equal texts must not occur.
 *
 * @param stream - Name of the purpose, so that two uses of one seed differ.
 */
export function hashOrder(texts: readonly string[], seed: number, stream: string): readonly string[] {
  const keys = texts.map((text) => ({ text, key: hash53(`${stream}/${seed}/${text}`) }));
  keys.sort((a, b) => a.key - b.key || (a.text < b.text ? -1 : 1));
  return keys.map(({ text }) => text);
}

/** A 53-bit hash of a text as a whole number: two xor-multiply passes over UTF-16 units, each finished with a 32-bit mix. */
export function hash53(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x9747b28c;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x85ebca6b);
  }
  return (mix32(high ^ (low >>> 16)) >>> 11) * 2 ** 32 + mix32(low ^ (high >>> 13));
}

/** Avalanche of 32 bits: xor-shifts and odd multiplications, a bijection. */
function mix32(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x7feb352d);
  bits = Math.imul(bits ^ (bits >>> 15), 0x846ca68b);
  return (bits ^ (bits >>> 16)) >>> 0;
}

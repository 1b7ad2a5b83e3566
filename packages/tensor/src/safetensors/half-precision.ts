/** Values of IEEE 754 binary16 words; exact, NaN payloads included. */
export function fromFloat16(words: Uint16Array): Float32Array {
  const values = new Float32Array(words.length);
  const bits = new Uint32Array(values.buffer);
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] as number;
    const sign = (word & 0x8000) << 16;
    const exponent = (word >>> 10) & 0x1f;
    const fraction = word & 0x3ff;
    if (exponent === 0x1f) bits[index] = sign | 0x7f800000 | (fraction << 13);
    else if (exponent !== 0) bits[index] = sign | ((exponent + 112) << 23) | (fraction << 13);
    else values[index] = (sign === 0 ? 1 : -1) * fraction * 2 ** -24;
  }
  return values;
}

/** Values of bfloat16 words: the upper halves of float32. */
export function fromBfloat16(words: Uint16Array): Float32Array {
  const values = new Float32Array(words.length);
  const bits = new Uint32Array(values.buffer);
  for (let index = 0; index < words.length; index += 1) bits[index] = (words[index] as number) << 16;
  return values;
}

/** Nearest binary16 words, ties to even, overflow to infinity; every NaN stays one. */
export function toFloat16(values: Float32Array): Uint16Array {
  const words = new Uint16Array(values.length);
  const scratch = new Float32Array(1);
  const scratchBits = new Uint32Array(scratch.buffer);
  for (let index = 0; index < values.length; index += 1) {
    scratch[0] = values[index] as number;
    const bits = scratchBits[0] as number;
    words[index] = ((bits >>> 16) & 0x8000) | float16Magnitude(bits & 0x7fffffff);
  }
  return words;
}

/** The 15 lower bits of the word nearest to the float32 with these 31 lower bits. */
function float16Magnitude(magnitude: number): number {
  if (magnitude > 0x7f800000) return 0x7e00 | ((magnitude >>> 13) & 0x3ff);
  if (magnitude >= 0x477ff000) return 0x7c00; // From halfway between the largest half, 65504, and 2^16.
  if (magnitude >= 0x38800000) return roundShift(magnitude - (112 << 23), 13);
  // Below 2^-14 the unit is 2^-24; under half of it, 2^-25, all is 0.
  const shift = 126 - (magnitude >>> 23);
  return shift > 24 ? 0 : roundShift((magnitude & 0x7fffff) | 0x800000, shift);
}

/** Nearest bfloat16 words, ties to even, overflow to infinity; every NaN stays one. */
export function toBfloat16(values: Float32Array): Uint16Array {
  const words = new Uint16Array(values.length);
  const scratch = new Float32Array(1);
  const scratchBits = new Uint32Array(scratch.buffer);
  for (let index = 0; index < values.length; index += 1) {
    scratch[0] = values[index] as number;
    const bits = scratchBits[0] as number;
    const isNan = (bits & 0x7fffffff) > 0x7f800000;
    words[index] = isNan ? (bits >>> 16) | 0x40 : ((bits >>> 16) & 0x8000) | roundShift(bits & 0x7fffffff, 16);
  }
  return words;
}

/** `value / 2^shift` to the nearest integer, ties to even. */
function roundShift(value: number, shift: number): number {
  const kept = value >>> shift;
  const rest = value - kept * 2 ** shift;
  const half = 2 ** (shift - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}

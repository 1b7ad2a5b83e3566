/** How numbers are stored in a safetensors file; in memory they are always float32. */
export type SafetensorsDtype = "f32" | "f16" | "bf16";

/** Bytes per number. */
export const BYTES_PER_NUMBER: Readonly<Record<SafetensorsDtype, number>> = { f32: 4, f16: 2, bf16: 2 };

const OTHERS: ReadonlySet<string> = new Set([
  ...["BOOL", "U8", "I8", "I16", "U16", "I32", "U32", "I64", "U64", "F64", "C64"],
  ...["F4", "F6_E2M3", "F6_E3M2", "F8_E5M2", "F8_E4M3", "F8_E8M0"],
]);

/** Which dtype a header's word names, or why it cannot be read. */
export function parseDtype(word: string): SafetensorsDtype | "unsupported" | "unknown" {
  switch (word) {
    case "F32":
      return "f32";
    case "F16":
      return "f16";
    case "BF16":
      return "bf16";
    default:
      return OTHERS.has(word) ? "unsupported" : "unknown";
  }
}

import { DataError } from "@haps/spec";

/** Where in a safetensors file something is wrong. */
export interface SafetensorsPlace {
  /** File or other origin of the bytes. */
  readonly source: string;
  /** Absent where the file as a whole is meant. */
  readonly tensor?: string;
}

/** The error for bytes that break the format; code `data`, with the source as `file` and the tensor as `field`. */
export function malformed(place: SafetensorsPlace, problem: string, advice: string, options?: ErrorOptions): DataError {
  const { source: file, tensor } = place;
  if (tensor === undefined) return new DataError({ file }, problem, advice, options);
  const field = tensor.length <= 100 ? tensor : `${tensor.slice(0, 99)}…`;
  return new DataError({ file, field }, problem, advice, options);
}

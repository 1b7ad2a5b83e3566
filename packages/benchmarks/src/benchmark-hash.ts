import { createHash } from "node:crypto";
import { canonicalJson } from "@haps/spec";

/**
 * SHA-256 in hexadecimal over questions: canonical JSON, one line for each, in their order.
 *
 * @example
 * ```ts
 * const { valid } = createAtlasHop({ train: 0, valid: 2, test: 0 });
 * console.assert(benchmarkHash(valid) !== benchmarkHash([...valid].reverse()));
 * ```
 */
export function benchmarkHash(items: readonly object[]): string {
  const hash = createHash("sha256");
  for (const item of items) hash.update(`${canonicalJson(item)}\n`);
  return hash.digest("hex");
}

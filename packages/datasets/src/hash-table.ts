import { createHash } from "node:crypto";
import { type Cells, canonicalJson, type OutcomeTable } from "@haps/spec";

/** What {@link hashTable} reads: the recorded facts, without names, pools and warnings. */
export type TableContent = Pick<
  OutcomeTable,
  "rows" | "arms" | "score" | "cost" | "costUnit" | "samples" | "halves" | "propensity"
>;

/**
 * SHA-256 in hexadecimal over the canonical content of a table: rows, arms and every cell array, in their order.
 *
 * The table's id, task, pool and warnings do not count, so that a table written and read back has the same hash.
 * Cells that are not finite count as `null`.
 */
export function hashTable(content: TableContent): string {
  const hash = createHash("sha256");
  hash.update(`${canonicalJson({ format: 1, arms: content.arms, costUnit: content.costUnit })}\n`);
  const width = content.arms.length;
  const columns: readonly (Cells | undefined)[] = [
    content.score,
    content.samples,
    content.cost,
    content.propensity,
    content.halves?.first,
    content.halves?.second,
  ];
  content.rows.forEach(({ question, group, split, labels }, row) => {
    const cells = columns.map((cells) =>
      cells === undefined ? null : Array.from(cells.subarray(row * width, (row + 1) * width), finiteOrNull),
    );
    const { id, text, context } = question;
    hash.update(`${canonicalJson({ id, text, context, group, split, labels, cells })}\n`);
  });
  return hash.digest("hex");
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

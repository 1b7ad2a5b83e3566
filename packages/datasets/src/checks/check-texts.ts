import { examplesOf, type Finding, shareOf } from "./finding.ts";
import type { TableView } from "./table-view.ts";

/** Questions that stand in a table more than once, and texts that stand in two splits. */
export function checkTexts(view: TableView): readonly Finding[] {
  return [...duplicateTexts(view), ...sharedTexts(view)];
}

function duplicateTexts({ table, rows, nameOf }: TableView): readonly Finding[] {
  const members = new Map<string, string[]>();
  for (const [row, { question, group, split }] of table.rows.entries()) {
    const key = JSON.stringify([group, question.context ?? [], split]);
    const ids = members.get(key);
    if (ids === undefined) members.set(key, [nameOf(row)]);
    else ids.push(nameOf(row));
  }
  const duplicates = [...members.values()].filter((ids) => ids.length > 1);
  if (duplicates.length === 0) return [];
  const count = duplicates.reduce((total, ids) => total + ids.length, 0);
  return [
    {
      severity: "warning",
      code: "duplicate-texts",
      message:
        `${duplicates.length} texts stand in ${shareOf(count, rows)} rows under several ids; ` +
        "split by text, never by row (folds here do), and count texts where you count evidence",
      facts: { texts: duplicates.length, rows: count, examples: examplesOf(duplicates.map((ids) => examplesOf(ids))) },
    },
  ];
}

function sharedTexts({ splits, nameOf }: TableView): readonly Finding[] {
  const names = [...splits.keys()];
  const findings: Finding[] = [];
  for (const [position, first] of names.entries()) {
    for (const second of names.slice(position + 1)) {
      const theirs = splits.get(second);
      const shared = [...(splits.get(first) ?? [])].filter(([group]) => theirs?.has(group));
      if (shared.length === 0) continue;
      const ids = shared.map(([group, rows]) => [rows[0], theirs?.get(group)?.[0]].map(nameOf));
      findings.push({
        severity: "warning",
        code: "shared-texts",
        message:
          `${shareOf(shared.length, theirs?.size ?? 0)} texts of split "${second}" stand in split "${first}" too; ` +
          "cut folds by text instead of using these splits, or remove the texts from one",
        facts: { splits: [first, second], texts: shared.length, examples: examplesOf(ids) },
      });
    }
  }
  return findings;
}

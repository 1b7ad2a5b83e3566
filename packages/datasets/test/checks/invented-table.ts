import { OutcomeTableBuilder } from "@haps/datasets";
import { type OutcomeTable, type Settings, singleRoleArm } from "@haps/spec";

/** One invented question. */
export interface InventedRow {
  readonly text?: string;
  readonly split?: string;
  readonly context?: readonly string[];
  /** By arm; `null`: not run. */
  readonly scores: readonly (number | null)[];
  readonly costs?: readonly number[];
  readonly samples?: number;
}

/** A table whose arms are `a`, `b`, `c`, ... or those given; its outcomes are invented. */
export function inventedTable(
  rows: readonly InventedRow[],
  arms: readonly (readonly [candidate: string, settings: Settings])[] = "abcdefgh"
    .slice(0, rows[0]?.scores.length)
    .split("")
    .map((name) => [name, {}]),
): OutcomeTable {
  const builder = new OutcomeTableBuilder({ id: "invented", costUnit: "USD" });
  for (const [candidate, settings] of arms) builder.addArm(singleRoleArm(candidate, settings));
  rows.forEach(({ text = "", split, context, scores, costs, samples = 1 }, row) => {
    const id = `q${row}`;
    builder.addRow({
      id,
      text: text === "" ? `text ${row}` : text,
      ...(split === undefined ? {} : { split }),
      ...(context === undefined ? {} : { context }),
    });
    scores.forEach((score, column) => {
      if (score === null) return;
      const [candidate, settings] = arms[column] ?? ["", {}];
      const cost = costs?.[column];
      const outcome = { questionId: id, arm: singleRoleArm(candidate, settings), score, samples };
      builder.addOutcome(cost === undefined ? outcome : { ...outcome, cost });
    });
  });
  return builder.build();
}

import { adapters, plantedSignal, readOutcomeTable, type TableReading } from "@haps/datasets";
import { closestName } from "@haps/spec";
import { UsageError } from "../usage-error.ts";
import type { TableSource } from "./table-source.ts";

/** A table with the account of how it was read. */
export interface OpenedTable extends TableReading {
  /** True when the outcomes were generated: every output must say so. */
  readonly simulated: boolean;
}

/**
 * Reads the table of a source.
 *
 * @throws UsageError for an unknown set; ConfigError for wrong options of a set; DataError for broken or missing files.
 */
export async function openTable(source: TableSource): Promise<OpenedTable> {
  switch (source.kind) {
    case "set":
      return { ...(await findAdapter(source.set).read(source.folder, source.options)), simulated: false };
    case "outcomes":
      return { ...(await readOutcomeTable(source.file, { costFrom: source.costFrom })), simulated: false };
    case "simulated": {
      const { kind: _, ...options } = source;
      const { table } = plantedSignal(options);
      const records = table.rows.length * table.arms.length;
      return { table, report: { read: records, kept: records, dropped: {} }, simulated: true };
    }
    default:
      return source satisfies never;
  }
}

/** True when a text names a set of outcomes that can be read. */
export function isAdapterName(name: string): name is keyof typeof adapters {
  return Object.hasOwn(adapters, name);
}

function findAdapter(name: string): (typeof adapters)[keyof typeof adapters] {
  if (isAdapterName(name)) return adapters[name];
  const known = Object.keys(adapters);
  const near = closestName(name, known);
  const advice = near === undefined ? `known: ${known.join(", ")}` : `did you mean "${near}"?`;
  throw new UsageError(`unknown data set ${JSON.stringify(name)}; ${advice}`);
}

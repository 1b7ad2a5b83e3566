import { mkdir } from "node:fs/promises";
import { nodeFiles, writeFileAtomic } from "@haps/run";
import { DataError } from "@haps/spec";
import { type StudyUnit, type UnitRecord, unitName, unitRecordSchema } from "./study-unit.ts";

function unitFile(folder: string, unit: Pick<StudyUnit, "method" | "seed">): string {
  return `${folder}/units/${unitName(unit)}.json`;
}

/** Keeps what came of a unit. */
export async function saveUnit(folder: string, record: UnitRecord): Promise<void> {
  await mkdir(`${folder}/units`, { recursive: true });
  const bytes = new TextEncoder().encode(`${JSON.stringify(record)}\n`);
  await writeFileAtomic(nodeFiles, unitFile(folder, record), bytes);
}

/**
 * What came of a unit; `null` where it has not finished.
 *
 * @throws DataError for a damaged file.
 */
export async function readUnit(folder: string, unit: Pick<StudyUnit, "method" | "seed">): Promise<UnitRecord | null> {
  const file = unitFile(folder, unit);
  const bytes = await nodeFiles.read(file);
  if (bytes === null) return null;
  try {
    return unitRecordSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new DataError({ file }, "is no record of a unit", "remove it; the unit is then run again", { cause });
  }
}

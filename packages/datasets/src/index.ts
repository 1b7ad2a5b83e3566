export { type AdapterName, adapters, questionSets } from "./adapters/adapters.ts";
export {
  type AnytimeLoraBudgetOptions,
  anytimeLoraBudget,
  anytimeLoraBudgetOptionsSchema,
} from "./adapters/anytime-lora-budget.ts";
export { type ConciseCotOptions, conciseCot, conciseCotOptionsSchema } from "./adapters/concise-cot.ts";
export type { DatasetAdapter } from "./adapters/dataset-adapter.ts";
export {
  type HotpotqaHapsOptions,
  hotpotqaHaps,
  hotpotqaHapsOptionsSchema,
  type QuestionSet,
} from "./adapters/hotpotqa-haps.ts";
export {
  type LlmrouterExampleOptions,
  llmrouterExample,
  llmrouterExampleOptionsSchema,
} from "./adapters/llmrouter-example.ts";
export {
  type MisguidedAttentionOptions,
  misguidedAttention,
  misguidedAttentionOptionsSchema,
} from "./adapters/misguided-attention.ts";
export { type RoutellmMmluOptions, routellmMmlu, routellmMmluOptionsSchema } from "./adapters/routellm-mmlu.ts";
export { type TemperatureOptions, temperature, temperatureOptionsSchema } from "./adapters/temperature.ts";
export { checkDataset } from "./checks/check-dataset.ts";
export { checkOutcomes } from "./checks/check-outcomes.ts";
export { checkTable } from "./checks/check-table.ts";
export type { DataCheck, TableSummary } from "./checks/data-check.ts";
export type { Finding, FindingCode, FindingSeverity } from "./checks/finding.ts";
export { derivePool } from "./derive-pool.ts";
export { type Fold, type FoldOptions, foldOptionsSchema, groupedFolds, innerFolds } from "./grouped-folds.ts";
export { halfTables } from "./half-tables.ts";
export { hashTable, type TableContent } from "./hash-table.ts";
export { normaliseText, textGroup } from "./normalise-text.ts";
export { OUTCOME_FIELDS, type OutcomeRecord, outcomeRecordSchema } from "./outcome-record.ts";
export {
  type NewOutcome,
  type NewRow,
  OutcomeTableBuilder,
  type OutcomeTableOptions,
} from "./outcome-table-builder.ts";
export { permuteTexts } from "./permute-texts.ts";
export {
  type PlantedSignal,
  type PlantedSignalOptions,
  plantedSignal,
  plantedSignalOptionsSchema,
} from "./planted-signal.ts";
export { type CsvOptions, type CsvRow, readCsv } from "./read-csv.ts";
export { type JsonLine, readJsonLines } from "./read-json-lines.ts";
export {
  type ReadOutcomeTableOptions,
  readOutcomeTable,
  readOutcomeTableOptionsSchema,
} from "./read-outcome-table.ts";
export type { TableReading, TableReport } from "./table-report.ts";
export { writeOutcomeTable } from "./write-outcome-table.ts";

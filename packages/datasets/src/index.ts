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
export { derivePool } from "./derive-pool.ts";
export { type Fold, type FoldOptions, foldOptionsSchema, groupedFolds, innerFolds } from "./grouped-folds.ts";
export { hashTable, type TableContent } from "./hash-table.ts";
export { normaliseText, textGroup } from "./normalise-text.ts";
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
export type { TableReading, TableReport } from "./table-report.ts";

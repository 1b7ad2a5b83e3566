import { anytimeLoraBudgetAdapter } from "./anytime-lora-budget.ts";
import { conciseCotAdapter } from "./concise-cot.ts";
import type { DatasetAdapter } from "./dataset-adapter.ts";
import { hotpotqaHapsQuestions, type QuestionSet } from "./hotpotqa-haps.ts";
import { llmrouterExampleAdapter } from "./llmrouter-example.ts";
import { misguidedAttentionAdapter } from "./misguided-attention.ts";
import { routellmMmluAdapter } from "./routellm-mmlu.ts";
import { temperatureAdapter } from "./temperature.ts";

/** Name of a published set of outcomes; also its sub-folder and the id of its tables. */
export type AdapterName =
  | "anytime_lora_budget"
  | "concise_cot"
  | "llmrouter_example"
  | "misguided_attention"
  | "routellm_mmlu"
  | "temperature";

/** Every set of outcomes that can be read, by name. */
export const adapters: Readonly<Record<AdapterName, DatasetAdapter>> = {
  anytime_lora_budget: anytimeLoraBudgetAdapter,
  concise_cot: conciseCotAdapter,
  llmrouter_example: llmrouterExampleAdapter,
  misguided_attention: misguidedAttentionAdapter,
  routellm_mmlu: routellmMmluAdapter,
  temperature: temperatureAdapter,
};

/** Every set of questions without outcomes, by name. */
export const questionSets: Readonly<Record<"hotpotqa_haps", QuestionSet>> = { hotpotqa_haps: hotpotqaHapsQuestions };

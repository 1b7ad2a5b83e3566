import type { MmluItem } from "../formats/mmlu-item.ts";
import type { WorldKind } from "../world.ts";

/** What controls and reports may know of a question and routers may not. */
export interface AtlasChoiceLabels extends Readonly<Record<string, string>> {
  /** Template class: `capital-which`. */
  readonly class: string;
  /** MMLU's subject: `geography`, `sights`, `literature`, `languages`, `chemistry`. */
  readonly subject: string;
  readonly world: WorldKind;
  /** What is held out between the splits: the fact, or the unordered set of options. */
  readonly chain: string;
}

/** A generated four-option question. `question.context` holds the facts, unless they are left out. */
export interface AtlasChoiceItem extends MmluItem {
  readonly labels: AtlasChoiceLabels;
}

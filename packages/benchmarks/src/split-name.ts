/** The parts of a benchmark that share no question text and no answer chain. */
export type SplitName = "test" | "train" | "valid";

/** Every part. */
export const SPLIT_NAMES: readonly SplitName[] = ["train", "valid", "test"];

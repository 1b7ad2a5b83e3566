export type { Benchmark, BenchmarkResult, BenchmarkRow, Progress } from "./benchmark.ts";
export { trainAndReload } from "./decision/loaded-router.ts";
export { makeSimulatedTable, makeText } from "./decision/simulated-table.ts";
export {
  DECODER_SIZES,
  type DecoderBatch,
  type DecoderSizes,
  makeDecoderBatch,
} from "./decoder/decoder-sizes.ts";
export type { DecoderTrainer } from "./decoder/decoder-trainer.ts";
export { createHapsDecoder } from "./decoder/haps-decoder.ts";
export { createStockDecoder } from "./decoder/stock-decoder.ts";
export { formatResult } from "./format-result.ts";
export { type BenchmarkCase, type InterleaveOptions, interleave, type RoundTimes } from "./interleave.ts";
export { type CommandStreams, runCommand } from "./run-command.ts";
export { median, quantile } from "./statistics.ts";
export { summariseTimes } from "./summarise-times.ts";

#!/usr/bin/env node
import { decisionBenchmark } from "./decision/decision-benchmark.ts";
import { decoderBenchmark } from "./decoder/decoder-benchmark.ts";
import { jointBenchmark } from "./joint/joint-benchmark.ts";
import { languageModelBenchmark } from "./language-model/language-model-benchmark.ts";
import { runCommand } from "./run-command.ts";

process.exitCode = await runCommand(
  process.argv.slice(2),
  [decoderBenchmark, decisionBenchmark, languageModelBenchmark, jointBenchmark],
  {
    out: (line) => process.stdout.write(`${line}\n`),
    error: (line) => process.stderr.write(`${line}\n`),
  },
);

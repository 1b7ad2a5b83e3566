// Assembles src/kernels/heap-attention.wat into src/kernels/heap-attention-code.ts: run it after every change of the former.
import { readFileSync, writeFileSync } from "node:fs";
import initialiseWabt from "wabt";

const folder = new URL("../src/kernels/", import.meta.url);
const wabt = await initialiseWabt();
const source = wabt.parseWat("heap-attention.wat", readFileSync(new URL("heap-attention.wat", folder)), { simd: true });
const { buffer } = source.toBinary({});
const lines =
  Buffer.from(buffer)
    .toString("base64")
    .match(/.{1,114}/g) ?? [];
const comment =
  "/** `heap-attention.wat` as a WebAssembly binary in base64, made by `scripts/assemble-heap-attention.mjs`. */";
const code = lines.map((line) => `  "${line}"`).join(" +\n");
writeFileSync(new URL("heap-attention-code.ts", folder), `${comment}\nexport const HEAP_ATTENTION_CODE =\n${code};\n`);

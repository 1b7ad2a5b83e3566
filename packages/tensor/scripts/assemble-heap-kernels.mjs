// Assembles the functions of src/kernels/heap/*.wat into src/kernels/heap-kernels-code.ts: run it after every change of the former.
import { readFileSync, writeFileSync } from "node:fs";
import initialiseWabt from "wabt";

const folder = new URL("../src/kernels/", import.meta.url);
const parts = ["exponential", "attention", "rows"].map((name) =>
  readFileSync(new URL(`heap/${name}.wat`, folder), "utf8"),
);
const source = `(module (import "heap" "memory" (memory 0))\n${parts.join("\n")})`;
const wabt = await initialiseWabt();
const { buffer } = wabt.parseWat("heap-kernels.wat", source, { simd: true }).toBinary({});
const lines =
  Buffer.from(buffer)
    .toString("base64")
    .match(/.{1,114}/g) ?? [];
const comment = "/** `heap/*.wat` as a WebAssembly binary in base64, made by `scripts/assemble-heap-kernels.mjs`. */";
const code = lines.map((line) => `  "${line}"`).join(" +\n");
writeFileSync(new URL("heap-kernels-code.ts", folder), `${comment}\nexport const HEAP_KERNELS_CODE =\n${code};\n`);

// Imports every entry named on the command line; each must load and export something.
import assert from "node:assert/strict";

const entries = process.argv.slice(2);
for (const entry of entries) {
  const names = Object.keys(await import(entry));
  assert.ok(names.length > 0, `${entry} exports nothing`);
}
console.log(`${entries.length} entries import on Node ${process.versions.node}`);

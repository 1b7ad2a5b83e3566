// Runs compiled examples one after the other in this process: `node run-examples.mjs <results.json> <file>...`.
// Results are written after each one, so that an example that ends the process is known by its absence.
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [resultsPath, ...files] = process.argv.slice(2);
const results = {};
for (const file of files) {
  try {
    await import(pathToFileURL(file).href);
    results[file] = null;
  } catch (error) {
    results[file] = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  writeFileSync(resultsPath, JSON.stringify(results));
}
process.exit(0);

// Asserts that every library named on the command line shares one copy of tfjs, hence one engine, with its user.
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
// @boundaries-ignore runs in a project of its own, where the tarballs are installed
import * as tf from "@tensorflow/tfjs";

const own = createRequire(import.meta.url);
for (const library of process.argv.slice(2)) {
  const theirs = createRequire(own.resolve(`${library}/package.json`));
  assert.equal(theirs.resolve("@tensorflow/tfjs"), own.resolve("@tensorflow/tfjs"), `${library} has its own tfjs`);
}
const cores = copiesOf("@tensorflow/tfjs-core", join(import.meta.dirname, "node_modules"));
assert.deepEqual(cores.length, 1, `copies of @tensorflow/tfjs-core: ${cores.join(", ")}`);

// @boundaries-ignore as above
const { loadBackend } = await import("@haps/tensor");
const engine = tf.engine();
const loaded = await loadBackend(["cpu"]);
assert.equal(loaded.name, "cpu");
assert.equal(tf.engine(), engine);
assert.equal(tf.getBackend(), "cpu", "@haps/tensor set the backend of another engine");
console.log(`one tf.engine() for ${process.argv.length - 2} libraries`);

function copiesOf(name, modules) {
  if (!existsSync(modules)) return [];
  const folders = readdirSync(modules).flatMap((entry) =>
    entry.startsWith("@") ? readdirSync(join(modules, entry)).map((inner) => join(entry, inner)) : [entry],
  );
  const here = existsSync(join(modules, name, "package.json")) ? [join(modules, name)] : [];
  return [...here, ...folders.flatMap((folder) => copiesOf(name, join(modules, folder, "node_modules")))];
}

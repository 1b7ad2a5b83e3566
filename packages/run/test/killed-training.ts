/**
 * @module A child process that trains the toy on the real disk until an operation is hit: `folder`, operation, how.
 *
 * `torn` and `before` end it by SIGKILL, inside or before the operation; `hold` says so and stays there.
 */
import { nodeFiles } from "@haps/run";
import { failingFiles } from "./failing-files.ts";
import { trainToy } from "./toy-training.ts";

const [folder = "", at = "1", mode = "torn"] = process.argv.slice(2);
const files = failingFiles(nodeFiles, Number(at), async ({ part }) => {
  if (mode === "torn") await part();
  if (mode === "hold") {
    // A pending promise does not keep a process alive; without the timer it may end before it is killed.
    setInterval(() => undefined, 1000);
    process.send?.("holding");
  } else process.kill(process.pid, "SIGKILL");
  await new Promise<never>(() => undefined);
});
await trainToy(folder, files);

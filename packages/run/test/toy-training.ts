import { type FileSystemPort, openRun, type ProcessPort, type Run } from "@haps/run";

export const TOY_STEPS = 23;
export const toyConfig = { seed: 3, steps: TOY_STEPS, optimiser: { name: "toy", rate: 0.1 } };
export const toyManifest = { versions: { toy: "1.0.0" }, backend: "none", commit: null, dataHash: "abc" };

/** A deterministic loop with state: checkpoints after every fifth step, a metric in each, a result in the end. */
export async function trainToy(
  folder: string,
  files?: FileSystemPort,
  process?: ProcessPort,
  keepCheckpoints = 2,
): Promise<void> {
  const run = await openRun({
    folder,
    config: toyConfig,
    manifest: toyManifest,
    keepCheckpoints,
    ...(files === undefined ? {} : { files }),
    ...(process === undefined ? {} : { process }),
  });
  try {
    if (run.result === undefined) await trainToEnd(run);
  } finally {
    await run.close();
  }
}

async function trainToEnd(run: Run): Promise<void> {
  const decode = (bytes: Uint8Array | undefined): { value: number } =>
    JSON.parse(new TextDecoder().decode(bytes)) as { value: number };
  const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  let step = run.checkpoint?.step ?? 0;
  let { value } = run.checkpoint === null ? { value: 12345 } : decode(run.checkpoint.files["state.json"]);
  await run.appendTiming({ startedWith: step });
  while (step < TOY_STEPS) {
    step += 1;
    value = (Math.imul(value, 1_664_525) + 1_013_904_223) >>> 0;
    await run.appendMetric({ step, loss: value / 4_294_967_296 });
    if (step % 5 === 0) {
      await run.saveCheckpoint(step, { "state.json": encode({ value }), "model.bin": new Uint8Array(64).fill(step) });
    }
    if (step === 12) await run.writeFile("notes/half.txt", encode(value));
  }
  await run.writeFile("report.html", encode(`final ${value}`));
  await run.finish({ value });
}

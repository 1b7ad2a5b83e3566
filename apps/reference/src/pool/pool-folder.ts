import { existsSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../usage-error.ts";

/**
 * Folder of a pool that comes with the command, in a checkout.
 *
 * @throws UsageError where none comes with it for this benchmark and seed.
 */
export function poolFolder(root: string, benchmark: string, seed: number): string {
  const folder = join(root, "apps/reference/pools", `${benchmark}-${seed}`);
  if (existsSync(folder)) return folder;
  throw new UsageError(
    `no pool of seed ${seed} for ${benchmark} comes with the command; train one by "haps pretrain --pool-seed ${seed}" and give its folder with --pool`,
  );
}

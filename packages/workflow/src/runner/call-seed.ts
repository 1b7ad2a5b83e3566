import { createHash } from "node:crypto";

/** Seed of the call at one place of an episode: that of no other place, whatever is called beside it. 32 bits. */
export function callSeed(seed: number, place: number): number {
  return createHash("sha256").update(`${seed}/${place}`, "utf8").digest().readUInt32BE(0);
}

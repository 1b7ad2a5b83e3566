import { createRng, type Rng, type RngState } from "@haps/tensor";
import { describe, expect, it } from "vitest";

const configError = expect.objectContaining({ code: "config" });

const draw = (rng: Rng, count: number): number[] => Array.from({ length: count }, () => rng.uniform());

describe("Rng.restore", () => {
  it("continues where the state was taken, through JSON, and as often as asked", () => {
    const rng = createRng(37);
    rng.normals(11);
    const state = JSON.parse(JSON.stringify(rng.state())) as RngState;
    const next = [draw(rng, 5), rng.fork("x").uniform(), rng.integer(100)];
    for (const other of [rng, createRng(0)]) {
      other.restore(state);
      expect([draw(other, 5), other.fork("x").uniform(), other.integer(100)]).toEqual(next);
    }
  });

  it("carries on past 2^32 blocks without repeating the first", () => {
    const rng = createRng(41);
    const { key } = rng.state();
    const first = rng.uniform();
    rng.restore({ key, counter: 2 ** 32 });
    expect(rng.uniform()).not.toBe(first);
    expect(rng.state().counter).toBe(2 ** 32 + 1);
  });

  it("hands out states that do not change", () => {
    const rng = createRng(43);
    const state = rng.state();
    rng.uniform();
    expect(state.counter).toBe(0);
  });

  it("refuses what is no state, and stays where it was", () => {
    const rng = createRng(47);
    const before = rng.state();
    const broken: unknown[] = [
      null,
      {},
      7,
      { key: [1], counter: 0 },
      { key: [1, 2 ** 32], counter: 0 },
      { key: [1, -1], counter: 0 },
      { key: ["1", 2], counter: 0 },
      { key: [1, 2], counter: -1 },
      { key: [1, 2], counter: 0.5 },
      { key: [1, 2] },
    ];
    for (const state of broken) expect(() => rng.restore(state as RngState)).toThrow(configError);
    expect(rng.state()).toEqual(before);
  });
});

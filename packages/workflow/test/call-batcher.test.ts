import { expect, test } from "vitest";
import { createCallBatcher, type Schedule } from "../src/runner/create-call-batcher.ts"; // internal
import { createScriptedEngine } from "./scripted-engine.ts";

test.each<Schedule>(["rounds", "eager"])(
  "%s: once stopped, rejects what waits and asks no engine",
  async (schedule) => {
    const engine = createScriptedEngine({ candidate: "small", rule: () => "x" });
    const engines = new Map([["small", engine]]);
    const onFatal = (error: unknown): Error => error as Error;
    const { signal } = new AbortController();
    const batcher = createCallBatcher({ engines, schedule, lanes: 2, signal, onFatal });
    const calls = [{ candidate: "small", call: { prompt: { text: "" }, decoding: { maxTokens: 1 }, seed: 0 } }];
    const [waiting] = batcher.ask(0, calls);
    batcher.stop(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    batcher.leave();
    expect(() => batcher.ask(1, calls)).toThrow("enough");
    batcher.leave();
    await new Promise((resolve) => setImmediate(resolve));
    expect(engine.batches).toEqual([]);
  },
);

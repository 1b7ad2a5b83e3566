import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { Interrupted } from "../src/interrupted.ts";
import { askQuestion } from "../src/terminal/ask-question.ts";

function asking() {
  const input = new PassThrough();
  // A terminal: readline then reads keys itself, Ctrl-C among them.
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  const interruption = new AbortController();
  const answer = askQuestion("which? ", {
    input,
    output,
    signal: interruption.signal,
    interrupt: () => interruption.abort(new Interrupted()),
  });
  return { input, interruption, answer };
}

describe("askQuestion", () => {
  it("gives the line that is typed", async () => {
    const { input, answer } = asking();
    input.write("Why?\r\n");
    expect(await answer).toBe("Why?");
  });

  it("takes Ctrl-D and an input that ends for an empty answer", async () => {
    const typed = asking();
    typed.input.write("\u0004");
    expect(await typed.answer).toBe("");
    const ended = asking();
    ended.input.end();
    expect(await ended.answer).toBe("");
  });

  it("ends with the reason of the interruption on Ctrl-C, and when another aborts it", async () => {
    const typed = asking();
    typed.input.write("\u0003");
    await expect(typed.answer).rejects.toThrow(Interrupted);
    const told = asking();
    told.interruption.abort(new Interrupted());
    await expect(told.answer).rejects.toThrow(Interrupted);
  });
});

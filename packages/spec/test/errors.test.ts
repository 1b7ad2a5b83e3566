import { ConfigError, DataError, HapsError, quoteValue, ShapeError } from "@haps/spec";
import { describe, expect, it } from "vitest";

describe("HapsError", () => {
  it("is recognised when made by another copy of the package", () => {
    const foreign = Object.assign(new Error("x"), { [Symbol.for("@haps/error")]: true });
    expect(HapsError.isInstance(foreign)).toBe(true);
    expect(HapsError.isInstance(new Error("x"))).toBe(false);
    expect(HapsError.isInstance(null)).toBe(false);
  });

  it("keeps the cause, the code and the facts", () => {
    const cause = new Error("disk");
    const error = new HapsError("state", "openRun: locked", { pid: 1 }, { cause });
    expect([error.code, error.facts, error.cause, error.name]).toEqual(["state", { pid: 1 }, cause, "HapsError"]);
  });

  it("names file, line, field and remedy of bad data", () => {
    const error = new DataError({ file: "a.csv", line: 3, field: "score" }, 'got "x"', "write a number");
    expect(error.message).toBe('a.csv:3, field "score": got "x"; write a number');
    expect(error.location).toEqual({ file: "a.csv", line: 3, field: "score" });
  });

  it("lists every issue of a configuration", () => {
    const error = new ConfigError("createX", [
      { path: "a", message: "is missing" },
      { path: "", message: "is no object" },
    ]);
    expect(error.message).toBe("createX: a: is missing; (top level): is no object");
  });

  it("shows the shape it got", () => {
    expect(new ShapeError("linear", "x", "[batch, 4]", [2, 3]).message).toBe(
      "linear: x has shape [2, 3]; expected [batch, 4]",
    );
  });
});

describe("quoteValue", () => {
  it("cuts long values", () => {
    expect(quoteValue("a".repeat(100), 10)).toHaveLength(10);
    expect(quoteValue(undefined)).toBe("undefined");
  });

  it("quotes what JSON cannot hold without failing", () => {
    const cyclic: unknown[] = [];
    cyclic.push(cyclic);
    expect(quoteValue(cyclic)).toBe("a value that JSON cannot hold");
    expect(quoteValue(JSON.parse("[".repeat(100_000) + "]".repeat(100_000)))).toBe("a value that JSON cannot hold");
    expect(quoteValue(12n)).toBe("12");
  });
});

import { beforeEach, vi } from "vitest";

/** Libraries never print: any `console` call inside a test fails it. */
beforeEach(() => {
  for (const method of ["log", "info", "warn", "error", "debug"] as const) {
    vi.spyOn(console, method).mockImplementation((...values: unknown[]) => {
      throw new Error(`console.${method} was called in a test: ${values.map(String).join(" ")}`);
    });
  }
});

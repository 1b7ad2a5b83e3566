import { readFileSync } from "node:fs";
import { resolveDecoding, sampleToken, type TokenFilter, tokenDistribution } from "@haps/language-model";
import { type Decoding, HapsError } from "@haps/spec";
import { createRng, peekValues } from "@haps/tensor";
import { describeEachBackend, expectClose } from "@haps/testing";
import * as tf from "@tensorflow/tfjs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

interface Fixture {
  readonly logits: Readonly<Record<string, { values: readonly (number | null)[]; full: readonly (number | null)[] }>>;
  readonly cases: readonly (Pick<Decoding, "temperature" | "topK" | "topP" | "nucleus"> & {
    readonly logits: string;
    readonly tokens: readonly number[];
    readonly sampled: readonly number[];
  })[];
}

const fixture = JSON.parse(
  readFileSync(new URL("../fixtures/sampling/sampling.json", import.meta.url), "utf8"),
) as Fixture;

const decodingOf = (decoding: Partial<Decoding>): TokenFilter => resolveDecoding({ maxTokens: 1, ...decoding });
const logitsOf = (...probabilities: number[]): Float32Array => Float32Array.from(probabilities, Math.log);
const sumOfExponentials = (values: Iterable<number>): number =>
  [...values].reduce((sum, value) => sum + Math.exp(value), 0);

/** By sorting and adding up, from the definition. */
function referenceDistribution(logits: Float32Array, decoding: TokenFilter) {
  const { temperature, topK = logits.length, topP, nucleus } = decoding;
  const softmax = (tokens: readonly number[], divisor: number): number[] => {
    const most = Math.max(...tokens.map((token) => logits[token]!));
    const powers = tokens.map((token) => Math.exp((logits[token]! - most) / divisor));
    const sum = powers.reduce((total, power) => total + power, 0);
    return tokens.map((token) => (logits[token]! - most) / divisor - Math.log(sum));
  };
  const all = [...logits.keys()];
  const order = all
    .filter((token) => logits[token]! > Number.NEGATIVE_INFINITY)
    .sort((one, other) => logits[other]! - logits[one]! || one - other);
  let kept = order.slice(0, temperature === 0 ? 1 : topK);
  if (temperature > 0 && topP < 1) {
    let mass = 0;
    let count = 0;
    for (const logProb of softmax(kept, temperature)) {
      const after = mass + Math.exp(logProb);
      if (nucleus === "standard" ? mass >= topP : after > topP) break;
      mass = after;
      count += 1;
    }
    kept = kept.slice(0, Math.max(count, 1));
  }
  kept = kept.toSorted((one, other) => one - other);
  const full = softmax(all, 1);
  return {
    tokens: kept,
    full: kept.map((token) => full[token]!),
    sampled: temperature === 0 ? [0] : softmax(kept, temperature),
  };
}

const anyLogits = fc
  .record({
    seed: fc.integer({ min: 0, max: 1e6 }),
    length: fc.integer({ min: 1, max: 60 }),
    scale: fc.constantFrom(0, 0.1, 2, 30),
    steps: fc.constantFrom(0, 1, 4),
    ruledOut: fc.constantFrom(0, 0.5),
  })
  .map(({ seed, length, scale, steps, ruledOut }) => {
    const rng = createRng(seed);
    const logits = rng.normals(length, scale);
    // Coarse steps make ties.
    const coarse = logits.map((logit) => (steps === 0 ? logit : Math.round(logit * steps) / steps));
    return coarse.map((logit, token) => (token > 0 && rng.uniform() < ruledOut ? Number.NEGATIVE_INFINITY : logit));
  });

const anyFilter = fc
  .record({
    temperature: fc.constantFrom(0, 0.1, 0.7, 1, 3),
    topK: fc.option(fc.integer({ min: 1, max: 70 }), { nil: undefined }),
    topP: fc.constantFrom(1, 0.013, 0.3147, 0.8913, 0.99971),
    nucleus: fc.constantFrom("standard" as const, "released" as const),
  })
  .map(({ topK, ...rest }) => decodingOf(topK === undefined ? rest : { ...rest, topK }));

describe("distribution of the next token", () => {
  it.each(Object.keys(fixture.logits))("keeps what transformers keeps of the %s logits", (name) => {
    const { values, full } = fixture.logits[name]!;
    const logits = Float32Array.from(values, (value) => value ?? Number.NEGATIVE_INFINITY);
    for (const { logits: of, tokens, sampled, ...decoding } of fixture.cases) {
      if (of !== name) continue;
      const found = tokenDistribution(logits, decodingOf(decoding));
      expect([...found.tokens], JSON.stringify(decoding)).toEqual(tokens);
      expectClose(found.logProbs.sampled, sampled, { rtol: 0, atol: 2e-9 });
      const expected = tokens.map((token) => full[token]!);
      expectClose(found.logProbs.full, expected, { rtol: 0, atol: 1e-12 });
    }
  });

  it("agrees with sorting and adding up, ties and ruled out tokens included", () => {
    fc.assert(
      fc.property(anyLogits, anyFilter, (logits, decoding) => {
        const found = tokenDistribution(logits, decoding);
        const expected = referenceDistribution(logits, decoding);
        expect([...found.tokens]).toEqual(expected.tokens);
        expectClose(found.logProbs.full, expected.full, { rtol: 1e-12, atol: 1e-12 });
        expectClose(found.logProbs.sampled, expected.sampled, { rtol: 1e-12, atol: 1e-12 });
      }),
      { seed: 31, numRuns: 1500 },
    );
  });

  it("sums to 1 after the filters, and keeps the likelier tokens likelier", () => {
    fc.assert(
      fc.property(anyLogits, anyFilter, (logits, decoding) => {
        const { tokens, logProbs } = tokenDistribution(logits, decoding);
        expectClose(sumOfExponentials(logProbs.sampled), 1, { rtol: 0, atol: 1e-12 });
        expect(sumOfExponentials(logProbs.full)).toBeLessThan(1 + 1e-12);
        const kept = new Set(tokens);
        const least = Math.min(...[...tokens].map((token) => logits[token]!));
        logits.forEach((logit, token) => {
          if (!kept.has(token)) expect(logit).toBeLessThanOrEqual(least);
        });
      }),
      { seed: 32, numRuns: 300 },
    );
  });

  it("keeps at least top-p of the mass in the standard nucleus and not more than needed, at most that in the released one", () => {
    fc.assert(
      fc.property(anyLogits, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (logits, topP) => {
        const standard = tokenDistribution(logits, decodingOf({ temperature: 1, topP }));
        const released = tokenDistribution(logits, decodingOf({ temperature: 1, topP, nucleus: "released" }));
        const mass = sumOfExponentials(standard.logProbs.full);
        expect(mass).toBeGreaterThan(topP - 1e-12);
        expect(mass - Math.exp(Math.min(...standard.logProbs.full))).toBeLessThan(topP + 1e-12);
        if (released.tokens.length > 1) expect(sumOfExponentials(released.logProbs.full)).toBeLessThan(topP + 1e-12);
        expect([...standard.tokens]).toEqual(expect.arrayContaining([...released.tokens]));
      }),
      { seed: 33, numRuns: 300 },
    );
  });

  it("keeps more, never other tokens, as top-k and top-p grow", () => {
    const logits = createRng(3).normals(50, 2);
    for (const nucleus of ["standard", "released"] as const) {
      let before: readonly number[] = [];
      for (const topP of [0.05, 0.3, 0.5, 0.8, 0.95, 1]) {
        const kept = [...tokenDistribution(logits, decodingOf({ temperature: 1, topP, nucleus })).tokens];
        expect(kept).toEqual(expect.arrayContaining([...before]));
        before = kept;
      }
      expect(before).toHaveLength(50);
    }
    for (const topK of [1, 2, 17, 50, 51]) {
      expect(tokenDistribution(logits, decodingOf({ temperature: 1, topK })).tokens).toHaveLength(Math.min(topK, 50));
    }
  });

  it("keeps or drops the token that crosses the threshold, as asked", () => {
    const kept = (probabilities: number[], nucleus: "standard" | "released"): number[] => [
      ...tokenDistribution(logitsOf(...probabilities), decodingOf({ temperature: 1, topP: 0.9, nucleus })).tokens,
    ];
    expect(kept([0.5, 0.45, 0.05], "standard")).toEqual([0, 1]);
    expect(kept([0.5, 0.45, 0.05], "released")).toEqual([0]);
    expect(kept([0.05, 0.85, 0.1], "standard")).toEqual([1, 2]);
    expect(kept([0.05, 0.85, 0.1], "released")).toEqual([1]);
    expect(kept([0.04, 0.96], "standard")).toEqual([1]);
    expect(kept([0.04, 0.96], "released")).toEqual([1]);
  });

  it("takes equal logits in the order of their ids", () => {
    const logits = Float32Array.of(1, 3, 3, 2, 3);
    expect([...tokenDistribution(logits, decodingOf({})).tokens]).toEqual([1]);
    expect([...tokenDistribution(logits, decodingOf({ temperature: 1, topK: 2 })).tokens]).toEqual([1, 2]);
    expect([...tokenDistribution(logits, decodingOf({ temperature: 1, topP: 0.3 })).tokens]).toEqual([1, 2]);
    const flat = new Float32Array(10_000);
    const half = tokenDistribution(flat, decodingOf({ temperature: 1, topP: 0.49995 })).tokens;
    expect([...half]).toEqual(Array.from({ length: 5000 }, (_, token) => token));
  });

  it("does not overflow for huge logits or tiny temperatures", () => {
    const logits = Float32Array.of(3e38, -3e38, 3e38, 1e38);
    for (const temperature of [1, 1e-300, 5e-324]) {
      const { tokens, logProbs } = tokenDistribution(logits, decodingOf({ temperature, topP: 0.9 }));
      expect([...tokens]).toEqual([0, 2]);
      expectClose(logProbs.sampled, [Math.log(0.5), Math.log(0.5)], { rtol: 1e-12, atol: 0 });
    }
  });

  it("refuses logits that are no numbers, by place", () => {
    const facts = (logits: Float32Array, decoding: Partial<Decoding>): Record<string, unknown> => {
      try {
        tokenDistribution(logits, decodingOf(decoding));
      } catch (error) {
        if (HapsError.isInstance(error)) return { code: error.code, ...error.facts, message: error.message };
        throw error;
      }
      return {};
    };
    for (const decoding of [{}, { temperature: 1, topK: 1 }]) {
      expect(facts(Float32Array.of(1, 2, Number.NaN, Number.NaN), decoding)).toMatchObject({
        code: "non-finite",
        token: 2,
      });
      expect(facts(Float32Array.of(1, Number.POSITIVE_INFINITY), decoding)).toMatchObject({
        code: "non-finite",
        token: 1,
      });
      expect(facts(new Float32Array(3).fill(Number.NEGATIVE_INFINITY), decoding)).toMatchObject({
        code: "non-finite",
        token: 0,
      });
      expect(facts(new Float32Array(0), decoding)).toMatchObject({ code: "shape" });
    }
    expect(facts(Float32Array.of(Number.NaN), {}).message).toMatchInlineSnapshot(
      `"tokenDistribution: the logit of token 0 is NaN; look for NaN or overflow in the model's weights or in the LoRA weights"`,
    );
  });

  it("leaves the logits as they are", () => {
    const logits = createRng(4).normals(30, 2);
    const copy = logits.slice();
    tokenDistribution(logits, decodingOf({ temperature: 0.5, topK: 9, topP: 0.5 }));
    expect(logits).toEqual(copy);
  });
});

describe("drawing the next token", () => {
  it("draws each token as often as its probability says", () => {
    const logits = createRng(8).normals(12, 1.2);
    const filters: Partial<Decoding>[] = [
      { temperature: 1 },
      { temperature: 0.6, topK: 5 },
      { temperature: 1.5, topP: 0.8 },
      { temperature: 1, topP: 0.8, nucleus: "released" },
    ];
    const draws = 20_000;
    for (const filter of filters) {
      const decoding = decodingOf(filter);
      const rng = createRng(9);
      const counts = new Float64Array(logits.length);
      for (let index = 0; index < draws; index += 1) counts[sampleToken(logits, decoding, rng).token]! += 1;
      const { tokens, sampled } = referenceDistribution(logits, decoding);
      expect(tokens.reduce((sum, token) => sum + counts[token]!, 0)).toBe(draws);
      const chiSquare = tokens.reduce((sum, token, index) => {
        const expected = draws * Math.exp(sampled[index]!);
        return sum + (counts[token]! - expected) ** 2 / expected;
      }, 0);
      // Mean plus four deviations of the chi-square distribution.
      const freedom = tokens.length - 1;
      expect(chiSquare).toBeLessThan(freedom + 4 * Math.sqrt(2 * freedom));
    }
  });

  it("says the log-probabilities that the distribution says", () => {
    fc.assert(
      fc.property(anyLogits, anyFilter, fc.integer({ min: 0, max: 1000 }), (logits, decoding, seed) => {
        const { token, logProbs } = sampleToken(logits, decoding, createRng(seed));
        const distribution = tokenDistribution(logits, decoding);
        const place = distribution.tokens.indexOf(token);
        expect(place).toBeGreaterThanOrEqual(0);
        expect(logProbs).toEqual({
          full: distribution.logProbs.full[place],
          sampled: distribution.logProbs.sampled[place],
        });
      }),
      { seed: 34, numRuns: 300 },
    );
  });

  it("takes one number of the generator, and none at temperature 0", () => {
    const logits = createRng(8).normals(12);
    const rng = createRng(5);
    sampleToken(logits, decodingOf({}), rng);
    expect(rng.state()).toEqual(createRng(5).state());
    sampleToken(logits, decodingOf({ temperature: 1, topP: 0.5 }), rng);
    const other = createRng(5);
    other.uniform();
    expect(rng.state()).toEqual(other.state());
  });

  it("never draws a token that cannot come", () => {
    const logits = Float32Array.of(-2000, 5, Number.NEGATIVE_INFINITY, -2000);
    const rng = createRng(6);
    // The smallest and the largest number that a generator gives.
    for (const uniform of [0, 0.5, 1 - 2 ** -53]) {
      expect(sampleToken(logits, decodingOf({ temperature: 1 }), { ...rng, uniform: () => uniform }).token).toBe(1);
      const flat = sampleToken(new Float32Array(1001), decodingOf({ temperature: 1 }), {
        ...rng,
        uniform: () => uniform,
      });
      expect(flat.token).toBe(Math.floor(uniform * 1001));
    }
  });
});

describeEachBackend("the likeliest token of logits in a tensor", () => {
  it("and its log-probability are those of the definition", () => {
    fc.assert(
      fc.property(anyLogits, (drawn) => {
        const row = tf.tensor1d(drawn);
        const { token, logProbs } = sampleToken(peekValues(row), decodingOf({}), createRng(1));
        row.dispose();
        const expected = referenceDistribution(drawn, decodingOf({}));
        expect(token).toBe(expected.tokens[0]);
        expect(Math.abs(logProbs.full - expected.full[0]!)).toBeLessThan(1e-6);
        expect(logProbs.sampled).toBe(0);
      }),
      { seed: 35, numRuns: 300 },
    );
  });

  it("is refused by place where they are no numbers", () => {
    for (const [bad, rest] of [
      [Number.NaN, 1],
      [Number.POSITIVE_INFINITY, 1],
      [Number.NEGATIVE_INFINITY, -Infinity],
    ] as const) {
      const row = tf.tensor1d([rest, rest, bad, rest]);
      const token = bad === Number.NEGATIVE_INFINITY ? 0 : 2;
      expect(() => sampleToken(peekValues(row), decodingOf({}), createRng(1))).toThrow(
        expect.objectContaining({ code: "non-finite", facts: { token, logit: bad } }),
      );
      row.dispose();
    }
  });
});

describe("resolving a decoding", () => {
  it("fills in greedy defaults", () => {
    expect(resolveDecoding({ maxTokens: 3 })).toEqual({
      temperature: 0,
      topP: 1,
      nucleus: "standard",
      maxTokens: 3,
      stop: [],
    });
  });

  it.each([
    [{ maxTokens: 0 }, "maxTokens"],
    [{ maxTokens: 1.5 }, "maxTokens"],
    [{}, "maxTokens"],
    [{ maxTokens: 1, temperature: -0.1 }, "temperature"],
    [{ maxTokens: 1, temperature: Number.NaN }, "temperature"],
    [{ maxTokens: 1, temperature: Number.POSITIVE_INFINITY }, "temperature"],
    [{ maxTokens: 1, topK: 0 }, "topK"],
    [{ maxTokens: 1, topK: 2.5 }, "topK"],
    [{ maxTokens: 1, topP: 0 }, "topP"],
    [{ maxTokens: 1, topP: 1.01 }, "topP"],
    [{ maxTokens: 1, nucleus: "usual" }, "nucleus"],
    [{ maxTokens: 1, stop: ["a", ""] }, "stop.1"],
    [{ maxTokens: 1, stop: "a" }, "stop"],
    [{ maxTokens: 1, topp: 0.5 }, "topp"],
  ])("refuses %j, naming the field", (decoding, path) => {
    const resolve = () => resolveDecoding(decoding as unknown as Decoding);
    expect(resolve).toThrow(expect.objectContaining({ code: "config", issues: [expect.objectContaining({ path })] }));
  });
});

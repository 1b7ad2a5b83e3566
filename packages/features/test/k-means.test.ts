import { createRng } from "@haps/tensor";
import { expectClose } from "@haps/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kMeans, squaredDistance } from "../src/k-means.ts"; // internal

type Point = readonly number[];

const rowsOf = (points: readonly Point[]) => ({
  values: Float32Array.from(points.flat()),
  dimension: (points[0] as Point).length,
});

function centresOf(points: readonly Point[], count: number, seed: number, iterations?: number): number[][] {
  const { values, dimension } = rowsOf(points);
  const flat = kMeans({ values, dimension }, count, createRng(seed), iterations);
  return Array.from({ length: flat.length / dimension }, (_, centre) => [
    ...flat.slice(centre * dimension, (centre + 1) * dimension),
  ]);
}

const distance = (left: Point, right: Point): number =>
  left.reduce((sum, value, index) => sum + (value - (right[index] as number)) ** 2, 0);

function nearest(point: Point, centres: readonly Point[]): number {
  const distances = centres.map((centre) => distance(point, centre));
  return distances.indexOf(Math.min(...distances));
}

const inertia = (points: readonly Point[], centres: readonly Point[]): number =>
  points.reduce((sum, point) => sum + distance(point, centres[nearest(point, centres)] as Point), 0);

/** Lloyd's algorithm on nested arrays in float64. */
function lloyd(points: readonly Point[], starts: readonly Point[], iterations: number): Point[] {
  let centres = [...starts];
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    const groups = centres.map((_, centre) => points.filter((point) => nearest(point, centres) === centre));
    centres = centres.map((centre, place) => {
      const group = groups[place] as Point[];
      if (group.length === 0) return centre;
      return centre.map((_, index) => group.reduce((sum, point) => sum + (point[index] as number), 0) / group.length);
    });
  }
  return centres;
}

/** Float32 numbers without structure. */
function cloud(size: number, dimension: number, seed: number): Point[] {
  const rng = createRng(seed).fork("cloud");
  return Array.from({ length: size }, () => [...rng.normals(dimension)]);
}

const byFirst = (points: readonly Point[]): Point[] => points.toSorted((a, b) => (a[0] as number) - (b[0] as number));

describe("kMeans", () => {
  it("finds the middles of separated groups, whatever the seed", () => {
    const middles = [
      [-40, 8],
      [0, -16],
      [64, 24],
    ];
    const offsets = [
      [1, 0],
      [-1, 0],
      [0, 2],
      [0, -2],
    ];
    const points = middles.flatMap(([x = 0, y = 0]) => offsets.map(([dx = 0, dy = 0]) => [x + dx, y + dy]));
    for (let seed = 0; seed < 20; seed += 1) expect(byFirst(centresOf(points, 3, seed))).toEqual(middles);
  });

  it("gives the mean of all rows for one centre", () => {
    expect(
      centresOf(
        [
          [0, 3, 6, 9, 12],
          [2, 5, 6, 1, 0],
          [4, 1, 0, 2, 0],
        ],
        1,
        1,
      ),
    ).toEqual([[2, 3, 4, 4, 4]]);
  });

  it.each([
    [30, 2, 4],
    [60, 5, 7],
    [25, 1, 3],
    [12, 9, 12],
  ])(
    "ends where plain float64 iterations from the same starts end: %i rows of %i numbers, %i centres",
    (size, dimension, count) => {
      for (const seed of [1, 2, 3]) {
        const points = cloud(size, dimension, seed);
        const starts = centresOf(points, count, seed, 0);
        for (const iterations of [1, 2, 25]) {
          const expected = lloyd(points, starts, iterations);
          expectClose(centresOf(points, count, seed, iterations).flat(), expected.flat(), { rtol: 1e-6, atol: 1e-7 });
        }
      }
    },
  );

  it("starts at distinct rows", () => {
    const points = cloud(20, 3, 4);
    const starts = centresOf(points, 8, 4, 0).map((centre) =>
      points.findIndex((point) => point.every((value, index) => value === centre[index])),
    );
    expect(starts).not.toContain(-1);
    expect(new Set(starts).size).toBe(8);
  });

  it("draws starts in proportion to the squared distance from those drawn before", () => {
    const points = [[0], [1], [3]];
    const pairs = new Map<string, number>();
    const draws = 6000;
    const rng = createRng(9);
    for (let draw = 0; draw < draws; draw += 1) {
      const [first, second] = kMeans(rowsOf(points), 2, rng.fork(`${draw}`), 0);
      const pair = `${first},${second}`;
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1 / draws);
    }
    const expected = { "0,1": 1 / 10, "0,3": 9 / 10, "1,0": 1 / 5, "1,3": 4 / 5, "3,0": 9 / 13, "3,1": 4 / 13 };
    // Four standard errors of a share.
    for (const [pair, share] of Object.entries(expected)) {
      expect(Math.abs((pairs.get(pair) ?? 0) - share / 3), pair).toBeLessThan(4 * Math.sqrt(0.25 / draws));
    }
    expect(pairs.size).toBe(6);
  });

  it("never raises the sum of squared distances from one iteration to the next, and lowers it", () => {
    for (const seed of [1, 2, 3, 4]) {
      const points = cloud(80, 4, seed);
      const sums = Array.from({ length: 12 }, (_, iterations) =>
        inertia(points, centresOf(points, 6, seed, iterations)),
      );
      sums.slice(1).forEach((sum, before) => {
        expect(sum).toBeLessThanOrEqual((sums[before] as number) * (1 + 1e-6));
      });
      expect(sums.at(-1)).toBeLessThan((sums[0] as number) * 0.9);
    }
  });

  it("stands still once every centre is the mean of its rows", () => {
    const points = cloud(50, 3, 7);
    const centres = centresOf(points, 5, 7, 200);
    expect(centresOf(points, 5, 7, 201)).toEqual(centres);
    centres.forEach((centre, place) => {
      const own = points.filter((point) => nearest(point, centres) === place);
      expect(own.length).toBeGreaterThan(0);
      expectClose(
        centre,
        centre.map((_, index) => own.reduce((sum, point) => sum + (point[index] as number), 0) / own.length),
        { rtol: 1e-6, atol: 1e-7 },
      );
    });
  });

  it("gives as many centres as asked for, or as there are distinct rows", () => {
    const point = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(
        fc.array(point, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer(),
        (points, count, seed) => {
          const distinct = new Set(points.map((one) => one.join())).size;
          const centres = centresOf(points, count, seed);
          expect(centres).toHaveLength(Math.min(count, distinct));
          expect(centres.flat().every(Number.isFinite)).toBe(true);
          if (count < distinct) return;
          expect(inertia(points, centres), "every distinct row is a centre").toBe(0);
        },
      ),
      { seed: 3, numRuns: 200 },
    );
  });

  it("gives no centres for no rows", () => {
    expect(kMeans({ values: new Float32Array(), dimension: 3 }, 4, createRng(1))).toHaveLength(0);
    expect(kMeans({ values: new Float32Array(), dimension: 0 }, 4, createRng(1))).toHaveLength(0);
  });

  it("gives the same bits for the same seed and others for another, and leaves its rows alone", () => {
    const rows = rowsOf(cloud(40, 3, 5));
    const before = Float32Array.from(rows.values);
    const first = kMeans(rows, 6, createRng(1));
    expect(kMeans(rows, 6, createRng(1))).toEqual(first);
    expect(kMeans(rows, 6, createRng(2))).not.toEqual(first);
    expect(rows.values).toEqual(before);
  });
});

describe("squaredDistance", () => {
  it("is the sum of squared differences, whatever the length and the places of the rows", () => {
    const number = fc.integer({ min: -9, max: 9 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(number, number), { maxLength: 11 }),
        fc.array(number, { maxLength: 3 }),
        fc.array(number, { maxLength: 3 }),
        (pairs, before, other) => {
          const left = [...before, ...pairs.map(([value]) => value), 5];
          const right = Float32Array.from([...other, ...pairs.map(([, value]) => value), 7]);
          const expected = pairs.reduce((sum, [a, b]) => sum + (a - b) ** 2, 0);
          expect(squaredDistance(left, before.length, right, other.length, pairs.length)).toBe(expected);
        },
      ),
      { seed: 4, numRuns: 100 },
    );
  });
});

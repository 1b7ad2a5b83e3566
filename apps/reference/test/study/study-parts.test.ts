import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repositoryRoot } from "../../src/experiments/find-data.ts";
import { loadStudy, studyNames } from "../../src/study/load-study.ts";
import { mergeChanges } from "../../src/study/merge-changes.ts";
import { liveMethodOf } from "../../src/study/run-live-unit.ts";
import { readStudyPlace, saveStudyPlace } from "../../src/study/study-place-file.ts";
import { planUnits, unitName } from "../../src/study/study-unit.ts";
import { readUnit, saveUnit } from "../../src/study/unit-records.ts";
import { MANIFEST } from "../live/live-fixture.ts";
import { temporaryFolder } from "../run-cli.ts";
import { studyConfig, unitRecord } from "./study-fixture.ts";

describe("changes of a method", () => {
  it("replace what they name at any depth and leave the rest", () => {
    const base = { a: { b: { c: 1, d: 2 }, list: [1, 2] }, e: null, f: { g: 1 } };
    const changes = { a: { b: { c: 3 }, list: [4] }, e: { h: 1 }, f: null, i: 5 };
    expect(mergeChanges(base, changes)).toEqual({ a: { b: { c: 3, d: 2 }, list: [4] }, e: { h: 1 }, f: null, i: 5 });
    expect(base).toEqual({ a: { b: { c: 1, d: 2 }, list: [1, 2] }, e: null, f: { g: 1 } });
  });

  it("take an object of another kind whole", () => {
    const base = { a: { kind: "soft", temperature: 0.2 }, b: { kind: "linear", rate: 1, steps: 5 } };
    const changes = { a: { kind: "hard", ties: "all" }, b: { rate: 2 } };
    expect(mergeChanges(base, changes)).toEqual({
      a: { kind: "hard", ties: "all" },
      b: { kind: "linear", rate: 2, steps: 5 },
    });
  });

  it("make methods of a study, with defaults filled in", () => {
    const changes = { low: { rank: 2 }, pooling: "mean" };
    const config = studyConfig({
      base: { joint: null, warmUp: null, low: { rank: 4, layers: 2 } },
      methods: { haps: { role: "haps", description: "x", changes, draws: 3 } },
      primary: [{ id: "one", method: "haps", baseline: "random" }],
    });
    const { method, draws } = liveMethodOf(config, "haps");
    expect(draws).toBe(3);
    expect(method).toMatchObject({ low: { rank: 2, layers: 2, kind: "lora", draw: 0 }, pooling: "mean", joint: null });
  });
});

describe("units of a study", () => {
  it("come seed by seed, live methods first, fewer of methods with fewer seeds", () => {
    const units = planUnits(studyConfig(), [1, 2, 3]).map(unitName);
    expect(units.slice(0, 6)).toEqual([
      "haps.seed-1",
      "no-low.seed-1",
      "haps-random.seed-1",
      "haps-cost-first.seed-1",
      "knn.seed-1",
      "mlp.seed-1",
    ]);
    expect(units).toHaveLength(17);
    expect(units).not.toContain("haps-cost-first.seed-3");
  });

  it("are kept, and read as they were", async () => {
    const folder = temporaryFolder();
    const record = { ...unitRecord("haps", 2, 5), draw: 7 };
    await saveUnit(folder, record);
    expect(await readUnit(folder, { method: "haps", seed: 2 })).toEqual(record);
    expect(await readUnit(folder, { method: "haps", seed: 1 })).toBeNull();
  });

  it.each(["{", "[]", '{"schemaVersion":1}'])("say which file is damaged: %s", async (text) => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "units"));
    writeFileSync(join(folder, "units/haps.seed-1.json"), text);
    await expect(readUnit(folder, { method: "haps", seed: 1 })).rejects.toMatchObject({
      code: "data",
      message: expect.stringMatching(/haps\.seed-1\.json: is no record of a unit; remove it/) as unknown,
    });
  });
});

describe("the place of a study", () => {
  const samples = { train: "/a", valid: "/b", test: "/c" };

  it("is kept, and read as it was", async () => {
    const folder = temporaryFolder();
    const place = { config: studyConfig(), poolFolder: "/pool", folder, samples, manifest: MANIFEST };
    await saveStudyPlace(place);
    expect(await readStudyPlace(folder)).toEqual({ ...place, manifest: { schemaVersion: 1, ...MANIFEST } });
  });

  it("is missing where no study was run", async () => {
    await expect(readStudyPlace(temporaryFolder())).rejects.toThrow(/no study in .*; give the folder of one/);
  });

  it.each(["{", '{"schemaVersion":1}'])("says when it is damaged: %s", async (text) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "study.json"), text);
    await expect(readStudyPlace(folder)).rejects.toThrow(/study\.json: does not describe a study; run the study again/);
  });
});

describe("a study's file", () => {
  const world = { root: repositoryRoot, cwd: repositoryRoot };
  const method = (changes: object) => ({ role: "haps", description: "x", ...changes });

  /** Loads a file with these parts replaced. */
  function load(changes: object): unknown {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, "own.json"), JSON.stringify({ ...studyConfig(), ...changes }));
    return loadStudy({ root: repositoryRoot, cwd }, "own.json");
  }

  it("is found by its name, and where one stands", () => {
    expect(studyNames(repositoryRoot)).toContain("demo");
    for (const name of studyNames(repositoryRoot)) expect(loadStudy(world, name).id).toBe(name);
    expect(load({})).toEqual(studyConfig());
  });

  it("has a nearest known name, or is listed", () => {
    expect(() => loadStudy(world, "atlas-hpo")).toThrow(/there is no study "atlas-hpo"; did you mean "atlas-hop"\?$/);
    expect(() => loadStudy(world, "xyzzyx")).toThrow(/no study "xyzzyx"; studies: .*demo.*; or give a \.json file$/);
    const empty = { root: temporaryFolder(), cwd: repositoryRoot };
    expect(() => loadStudy(empty, "demo")).toThrow(/no study "demo"; studies: none; or give a \.json file/);
    expect(() => loadStudy(world, "absent.json")).toThrow(/no file at .*absent\.json/);
  });

  it("is refused where it is no JSON", () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, "own.json"), "{");
    expect(() => loadStudy({ root: cwd, cwd }, "own.json")).toThrow(/own\.json: is no JSON; correct the file/);
  });

  it("is refused with every field that is wrong", () => {
    expect(() => load({ sampled: 0, heldOut: "train", extra: 1 })).toThrow(
      /study own\.json: .*heldOut: .*sampled: .*extra/s,
    );
    expect(() => load({ base: { joint: null, warmUp: null, low: { rank: 0 } } })).toThrow(/base\.low\.rank: /);
  });

  it("is refused before anything is played where a method's changes are wrong", () => {
    const methods = {
      haps: method({ changes: { low: { rankk: 2 } } }),
      "no-low": method({}),
      "haps-random": method({}),
    };
    expect(() => load({ methods })).toThrow(/study made-up, method haps: .*low.*rankk/);
  });

  it("is refused where it names routers or methods that are not there, or one of them twice", () => {
    expect(() => load({ routers: ["knn", "mpl"] })).toThrow(/unknown method "mpl"; did you mean "mlp"\?/);
    const primary = [{ id: "one", method: "hasp", baseline: "best-router" }];
    expect(() => load({ primary })).toThrow(/primary\.0\.method: there is no "hasp"; there are haps, no-low/);
    const statics = [{ id: "one", method: "haps", baseline: "small + large" }];
    expect(load({ primary: statics })).toMatchObject({ primary: statics });
    expect(() => load({ routers: ["knn", "knn", "mlp"] })).toThrow(/routers\.0: "knn" is there twice/);
  });
});

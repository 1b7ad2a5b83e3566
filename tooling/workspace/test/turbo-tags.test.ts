import { describe, expect, it } from "vitest";
import { workspaceRoot } from "../bin/bootstrap.mjs";
import { checkTurboTags } from "../src/turbo-tags.ts";
import { fakeWorkspace, libraryManifest, shown } from "./fake-workspace.ts";

const map = { core: { imports: [] }, maths: { imports: ["core"] } };
const workspace = (allow: readonly string[], tags: readonly string[] = ["maths"]): string =>
  fakeWorkspace({
    "turbo.json": {
      boundaries: { tags: { core: { dependencies: { allow: [] } }, maths: { dependencies: { allow } } } },
    },
    "packages/core/package.json": libraryManifest("@haps/core"),
    "packages/core/turbo.json": { tags: ["core"] },
    "packages/maths/package.json": libraryManifest("@haps/maths"),
    "packages/maths/turbo.json": { tags },
  });

describe("checkTurboTags", () => {
  it("accepts tags that allow what the map of arrows allows", () => {
    expect(checkTurboTags(workspace(["core"]), map)).toEqual([]);
  });

  it("refuses tags that allow more, and tags that allow less", () => {
    expect(shown(checkTurboTags(workspace(["core", "maths"]), map))).toEqual([
      "packages/maths/turbo.json its tags allow core, maths; the map of arrows allows core",
    ]);
    expect(shown(checkTurboTags(workspace([]), map))).toEqual([
      "packages/maths/turbo.json its tags allow nothing; the map of arrows allows core",
    ]);
  });

  it("refuses a library that no boundary limits", () => {
    expect(shown(checkTurboTags(workspace(["core"], ["loose"]), map))).toEqual([
      "packages/maths/turbo.json has no tag with a boundary in the root turbo.json",
    ]);
  });

  it("finds the tags of this workspace in agreement with its arrows", () => {
    expect(shown(checkTurboTags(workspaceRoot))).toEqual([]);
  });
});

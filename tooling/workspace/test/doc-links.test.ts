import { describe, expect, it } from "vitest";
import { checkDocLinks } from "../src/doc-links.ts";
import { fakeWorkspace, libraryManifest, shown } from "./fake-workspace.ts";

const problemsOf = (files: Readonly<Record<string, string | object>>): readonly string[] =>
  shown(checkDocLinks(fakeWorkspace(files)));

describe("checkDocLinks", () => {
  it("follows links between texts, to headings and to code", () => {
    const files = {
      "README.md": "[a](docs/map.md#two-words-here) [b](src/a.ts) [c](https://example.org) [d](#top)\n# Top\n",
      "docs/map.md": "## Two words, here!\n",
      "src/a.ts": "",
    };
    expect(problemsOf(files)).toEqual([]);
  });

  it("refuses missing files and headings at their line, in every kind of text", () => {
    const files = {
      "CONTRIBUTING.md": "# A\n\n[a](gone.md)\n",
      "docs/deep/one.md": "[a](../two.md#no-such)\n",
      "docs/two.md": "# Two\n",
      "packages/core/package.json": libraryManifest("@haps/core"),
      "packages/core/README.md": "[a](src/gone.ts)\n",
    };
    expect(problemsOf(files)).toEqual([
      "CONTRIBUTING.md:3 links to gone.md, which does not exist",
      "packages/core/README.md:1 links to src/gone.ts, which does not exist",
      "docs/deep/one.md:1 links to ../two.md#no-such, but there is no such heading",
    ]);
  });

  it("overlooks code", () => {
    expect(problemsOf({ "README.md": "```ts\na[0](gone)\n```\n`[a](gone.md)`\n" })).toEqual([]);
  });
});

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { filesUnder } from "./files-under.ts";
import { type Problem, shownPath } from "./problem.ts";
import { listPackages } from "./workspace-package.ts";

/** Refuses links of Markdown texts to files that do not exist and to headings that their file does not have. */
export function checkDocLinks(root: string): readonly Problem[] {
  const atRoot = readdirSync(root).filter((name) => name.endsWith(".md"));
  const readmes = listPackages(root).map(({ folder }) => join(folder, "README.md"));
  const texts = [...atRoot.map((name) => join(root, name)), ...readmes, ...filesUnder(join(root, "docs"), ".md")];
  return texts.filter((path) => existsSync(path)).flatMap((path) => checkText(root, path));
}

function checkText(root: string, path: string): readonly Problem[] {
  return prose(readFileSync(path, "utf8")).flatMap((text, index) =>
    [...text.replaceAll(/`[^`]*`/g, "").matchAll(/\]\((?<target>[^)\s]+)\)/g)].flatMap((match): readonly Problem[] => {
      const target = match.groups?.target ?? "";
      if (/^[a-z]+:/.test(target)) return [];
      const [file = "", heading] = target.split("#");
      const linked = file === "" ? path : resolve(dirname(path), file);
      const problem = (message: string): Problem[] => [{ file: shownPath(root, path), line: index + 1, message }];
      if (!existsSync(linked)) return problem(`links to ${target}, which does not exist`);
      if (heading === undefined || !linked.endsWith(".md") || headingsOf(linked).includes(heading)) return [];
      return problem(`links to ${target}, but there is no such heading`);
    }),
  );
}

/** The lines of a text, blank inside code fences. */
function prose(text: string): readonly string[] {
  let fenced = false;
  return text.split("\n").map((line) => {
    const fence = /^\s*```/.test(line);
    if (fence) fenced = !fenced;
    return fenced || fence ? "" : line;
  });
}

/** The anchors that a reader on GitHub can link to. */
function headingsOf(path: string): readonly string[] {
  return prose(readFileSync(path, "utf8"))
    .filter((line) => /^#+ /.test(line))
    .map((line) =>
      line
        .replace(/^#+ /, "")
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    );
}

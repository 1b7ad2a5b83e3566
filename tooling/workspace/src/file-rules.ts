import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import ts from "typescript";
import { filesUnder } from "./files-under.ts";
import { type Problem, shownPath } from "./problem.ts";
import { listPackages, publicPackages, type WorkspacePackage } from "./workspace-package.ts";

/** Longest source file; 300 is the aim, the rest is room for a good reason. */
export const longestFile = 320;

/** Checks what every package owes its readers: named exports, small files, README, tests, exports with types, changeset. */
export function checkFileRules(root: string): readonly Problem[] {
  const packages = listPackages(root);
  const published = publicPackages(packages);
  return [
    ...packages.flatMap((one) => checkSizes(root, one)),
    ...published.flatMap((one) => [
      ...checkExportForms(root, one),
      ...checkParts(root, one),
      ...checkManifest(root, one),
    ]),
    ...checkChangesets(root, published),
    ...checkSolution(root, packages),
  ];
}

function checkSizes(root: string, one: WorkspacePackage): readonly Problem[] {
  return filesUnder(join(one.folder, "src"), ".ts").flatMap((path) => {
    const file = shownPath(root, path);
    const text = readFileSync(path, "utf8");
    const lines = text.trimEnd().split("\n");
    const problems: Problem[] = [];
    if (lines.length > longestFile) {
      problems.push({ file, message: `has ${lines.length} lines, more than ${longestFile}; split it by concept` });
    }
    if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.ts$/.test(basename(path))) {
      problems.push({ file, message: "is not named in kebab-case" });
    }
    if (/^(utils?|helpers?|misc|common)\.ts$|-(manager|impl)\.ts$/.test(basename(path))) {
      problems.push({ file, message: "has a name that says nothing; name it after what it exports" });
    }
    const note = lines.findIndex((line) => /(\/\/|\*).*\b(TO[D]O|FIX[M]E|XX[X])\b/.test(line));
    if (note >= 0) problems.push({ file, line: note + 1, message: "leaves a note to do something later" });
    return problems;
  });
}

/** Entry files hold only `export { a, b } from "./file.ts"`; no library file has a default export. */
function checkExportForms(root: string, one: WorkspacePackage): readonly Problem[] {
  const entries = entrySources(one).map((path) => join(one.folder, path));
  return filesUnder(join(one.folder, "src"), ".ts").flatMap((path) => {
    const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ES2022, true);
    const at = (node: ts.Node, message: string): Problem => ({
      file: shownPath(root, path),
      line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1,
      message,
    });
    return source.statements.flatMap((statement): readonly Problem[] => {
      if (isDefaultExport(statement)) return [at(statement, "has a default export; export by name")];
      if (ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined) {
        const named = statement.exportClause !== undefined && ts.isNamedExports(statement.exportClause);
        return named ? [] : [at(statement, "uses `export *`; name what is exported")];
      }
      const allowed = !entries.includes(path) || isEmptyExport(statement);
      return allowed ? [] : [at(statement, "is an entry and may only hold `export { … } from`")];
    });
  });
}

function isDefaultExport(statement: ts.Statement): boolean {
  if (ts.isExportAssignment(statement)) return true;
  if (ts.isExportDeclaration(statement) && statement.exportClause !== undefined) {
    const { exportClause } = statement;
    return ts.isNamedExports(exportClause) && exportClause.elements.some(({ name }) => name.text === "default");
  }
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword);
}

function isEmptyExport(statement: ts.Statement): boolean {
  if (!ts.isExportDeclaration(statement) || statement.exportClause === undefined) return false;
  return ts.isNamedExports(statement.exportClause) && statement.exportClause.elements.length === 0;
}

function checkParts(root: string, one: WorkspacePackage): readonly Problem[] {
  const file = shownPath(root, one.folder);
  const problems: Problem[] = [];
  if (!existsSync(join(one.folder, "README.md"))) problems.push({ file, message: "has no README.md" });
  if (filesUnder(join(one.folder, "test"), ".test.ts").length === 0) problems.push({ file, message: "has no test" });
  for (const path of entrySources(one)) {
    const text = existsSync(join(one.folder, path)) ? readFileSync(join(one.folder, path), "utf8") : "";
    if (!/export\s+(type\s+)?\{\s*\w/.test(text))
      problems.push({ file: `${file}/${path}`, message: "exports nothing" });
  }
  return problems;
}

function checkManifest(root: string, one: WorkspacePackage): readonly Problem[] {
  const file = shownPath(root, join(one.folder, "package.json"));
  const { manifest } = one;
  const problems: Problem[] = [];
  const expect = (holds: boolean, message: string): void => {
    if (!holds) problems.push({ file, message });
  };
  expect(manifest.license === "MIT", 'needs "license": "MIT"');
  expect(manifest.type === "module", 'needs "type": "module"');
  expect(manifest.sideEffects === false, 'needs "sideEffects": false');
  for (const entry of ["dist", "src", "!**/*.tsbuildinfo"]) {
    expect(manifest.files?.includes(entry) ?? false, `needs ${JSON.stringify(entry)} in "files"`);
  }
  const { exports = {} } = manifest;
  expect("." in exports, 'needs an entry "." in "exports"');
  expect(exports["./package.json"] === "./package.json", 'needs "./package.json" in "exports"');
  for (const [name, target] of Object.entries(exports)) {
    if (typeof target === "string") continue;
    const order = Object.keys(target).join(", ");
    expect(
      order === "@haps/source, types, default",
      `"exports" of "${name}" needs @haps/source, types, default; has ${order}`,
    );
  }
  return problems;
}

/** The source files behind the entries of `exports`. */
export function entrySources({ manifest }: WorkspacePackage): readonly string[] {
  return Object.values(manifest.exports ?? {}).flatMap((target) => {
    const source = typeof target === "string" ? undefined : target["@haps/source"];
    return source === undefined ? [] : [source.replace(/^\.\//, "")];
  });
}

function checkChangesets(root: string, published: readonly WorkspacePackage[]): readonly Problem[] {
  const folder = join(root, ".changeset");
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".md")) : [];
  const text = names.map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
  return published
    .filter(
      ({ manifest, folder: own }) => !text.includes(`"${manifest.name}":`) && !existsSync(join(own, "CHANGELOG.md")),
    )
    .map(({ manifest }) => ({
      file: ".changeset",
      message: `no changeset names ${manifest.name}; run "npx changeset"`,
    }));
}

function checkSolution(root: string, packages: readonly WorkspacePackage[]): readonly Problem[] {
  const path = join(root, "tsconfig.json");
  const { references = [] } = JSON.parse(readFileSync(path, "utf8")) as { references?: readonly { path: string }[] };
  const listed = new Set(references.map((reference) => join(root, reference.path)));
  return packages
    .filter(({ folder }) => !listed.has(folder))
    .map(({ folder }) => ({ file: "tsconfig.json", message: `does not refer to ${shownPath(root, folder)}` }));
}

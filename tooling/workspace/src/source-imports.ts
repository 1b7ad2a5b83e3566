import { readFileSync } from "node:fs";
import ts from "typescript";

/** One import of a source file: static, type-only, re-exported or dynamic. */
export interface SourceImport {
  /** What stands between the quotes. */
  readonly specifier: string;
  /** 1-based. */
  readonly line: number;
}

/** Lists what a TypeScript file imports, found by the compiler's own scanner (comments and strings do not count). */
export function sourceImports(path: string): readonly SourceImport[] {
  const text = readFileSync(path, "utf8");
  const { importedFiles } = ts.preProcessFile(text, true, true);
  return importedFiles.map(({ fileName, pos }) => ({
    specifier: fileName,
    line: text.slice(0, pos).split("\n").length,
  }));
}

/** The package that a bare specifier names (`@haps/reward/scores` -> `@haps/reward`); undefined for files and Node. */
export function packageOfSpecifier(specifier: string): string | undefined {
  if (specifier.startsWith(".") || specifier.startsWith("/") || specifier.startsWith("node:")) return undefined;
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0];
}

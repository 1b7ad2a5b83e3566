import { createFactBase, type TableId } from "./facts/fact-base.ts";
import { contextOf } from "./formats/hotpotqa-item.ts";
import { writeParagraph } from "./paragraph.ts";
import { createRandomStream } from "./random-stream.ts";
import { createTrueWorld } from "./world.ts";

/**
 * Everything that the true world says, a document for each entity: to ask questions of one's own about.
 *
 * @param seed - Of the wording. Default 1.
 * @returns Documents as in a question's `context`: title, line feed, text.
 *
 * @example
 * ```ts
 * const documents = atlasLibrary();
 * console.assert(documents.some((document) => document.startsWith("Paris\n")));
 * ```
 */
export function atlasLibrary(seed = 1): readonly string[] {
  const facts = createFactBase();
  const world = createTrueWorld(facts);
  const tables = Object.keys(facts.entities) as TableId[];
  return tables.flatMap((table) =>
    contextOf(
      facts.entities[table].map((name) =>
        writeParagraph({ facts, world }, { table, name }, createRandomStream(seed, `library/${table}/${name}`)),
      ),
    ),
  );
}

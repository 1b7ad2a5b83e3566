import { existsSync } from "node:fs";
import { register } from "node:module";
import { pathToFileURL } from "node:url";
import type { CreateRouter, Router, RouterFactory } from "@haps/spec";
import { OWN_ROUTER } from "./jobs/workload.ts";
import { UsageError } from "./usage-error.ts";

/**
 * Loads a user's own router module: `export default function createRouter(context) { … }`.
 *
 * @param file - Absolute path of an ES module.
 * @returns A factory with the id `own-router`.
 * @throws UsageError when there is no such file, it cannot be imported, or its default export is not a function.
 */
export async function loadOwnRouter(file: string): Promise<RouterFactory> {
  if (!existsSync(file)) throw new UsageError(`--router: no file at ${file}`);
  const createRouter = await importDefault(file);
  return {
    id: OWN_ROUTER,
    createRouter: async (context) => {
      const router = await createRouter(context);
      const lacking = lackingMembers(router);
      if (lacking.length === 0) return router;
      throw new UsageError(
        `--router: createRouter of ${file} returned no router: ${lacking.join(", ")} wrong or missing; expected { contractVersion: 1, id, route, dispose }`,
      );
    },
  };
}

/** Members that every router needs and this one lacks. */
function lackingMembers(router: Partial<Router> | null | undefined): string[] {
  return [
    ...(router?.contractVersion === 1 ? [] : ["contractVersion"]),
    ...(typeof router?.id === "string" && router.id !== "" ? [] : ["id"]),
    ...(typeof router?.route === "function" ? [] : ["route"]),
    ...(typeof router?.dispose === "function" ? [] : ["dispose"]),
  ];
}

async function importDefault(file: string): Promise<CreateRouter> {
  let module: { readonly default?: unknown };
  shareOwnPackages();
  try {
    module = await import(pathToFileURL(file).href);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    throw new UsageError(`--router: ${file} cannot be imported (${reason})`, { cause: error });
  }
  if (typeof module.default !== "function") {
    throw new UsageError(
      `--router: ${file} has no default export that is a function; write "export default function createRouter(context) { … }"`,
    );
  }
  // The contract's type cannot be checked further at run time; what it returns is checked above.
  return module.default as CreateRouter;
}

let shared = false;

/** From source there is no compiled hook; then the module's own folder must have the packages. */
function shareOwnPackages(): void {
  const hooks = new URL("./own-router-hooks.js", import.meta.url);
  if (shared || !existsSync(hooks)) return;
  shared = true;
  register(hooks);
}

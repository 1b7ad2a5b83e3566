/**
 * @module Lets a router module anywhere on the disk import `@haps/*` and tfjs from this command, where its own folder
 * has none. Registered with `module.register`; runs on Node's loader thread.
 */

interface ResolveContext {
  readonly parentURL?: string | undefined;
}

type NextResolve = (specifier: string, context: ResolveContext) => Promise<{ readonly url: string }>;

/** Looks where Node looks; then, for the toolkit's own packages, from this command. */
export async function resolve(
  specifier: string,
  context: ResolveContext,
  nextResolve: NextResolve,
): Promise<{ readonly url: string }> {
  try {
    return await nextResolve(specifier, context);
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    if (!missing || !/^@(haps|tensorflow)\//.test(specifier)) throw error;
    return nextResolve(specifier, { ...context, parentURL: import.meta.url });
  }
}

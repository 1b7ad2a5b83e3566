/** Writes what begins; the function it returns writes how that ended. */
export type Report = (name: string, what: string) => (outcome?: string) => void;

/** The workspace this file belongs to. */
export const workspaceRoot: string;
/** A reason why the workspace cannot run, with what to do about it; shown without a stack. */
export class BootstrapError extends Error {
  constructor(message: string, exitCode?: number);
  readonly exitCode: number;
}
/** Settings of every child process: no telemetry, no update notices, no questions. */
export function quietEnvironment(environment?: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
/** The arguments for `npx` that run the pinned pnpm. */
export function pnpmArguments(root?: string): string[];
/** Refuses a Node.js older than `engines.node` of the root package. */
export function checkNode(version?: string, root?: string): void;
/** Installs the locked dependencies where they are missing or changed; whether there was anything to do. */
export function install(root?: string, report?: Report): boolean;
/** Compiles the packages where a source is newer than the last build; whether there was anything to do. */
export function build(root?: string, report?: Report): boolean;
/** Deletes compiled files whose source is gone and returns their paths. */
export function removeOrphans(root?: string): string[];

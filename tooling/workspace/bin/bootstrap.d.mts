/** The workspace this file belongs to. */
export const workspaceRoot: string;
/** Settings of every child process: no telemetry, no update notices, no questions. */
export function quietEnvironment(environment?: NodeJS.ProcessEnv): NodeJS.ProcessEnv;
/** The arguments for `npx` that run the pinned pnpm. */
export function pnpmArguments(root?: string): string[];

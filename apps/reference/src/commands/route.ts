import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { armLabel, type Decision, decisionArm } from "@haps/spec";
import { loadBackend } from "@haps/tensor";
import { formatDifference, formatShare } from "../terminal/format-number.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { textTable, wrapText } from "../terminal/text-table.ts";
import { type LoadedCheckpoint, loadCheckpoint } from "../training/router-checkpoint.ts";
import { UsageError } from "../usage-error.ts";
import { printJson } from "./json-output.ts";

/** Options of `haps route`. */
export interface RouteOptions {
  readonly costWeight: number;
  readonly json?: boolean;
}

/** Loads a router and routes one question. */
export async function route(
  terminal: Terminal,
  folder: string,
  question: string,
  options: RouteOptions,
): Promise<void> {
  const text = question === "-" ? readFileSync(0, "utf8") : question;
  if (text.trim() === "")
    throw new UsageError("the question is blank; give its text, or - to read it from standard input");
  await loadBackend();
  const checkpoint = loadCheckpoint(resolve(terminal.cwd, folder));
  try {
    checkCostWeight(terminal, checkpoint, options.costWeight);
    const decision = await routeText(checkpoint, text, options.costWeight, terminal.signal);
    if (options.json === true) return printJson(terminal, decisionJson(checkpoint, decision, text, options.costWeight));
    printDecision(terminal, checkpoint, decision, text);
  } finally {
    checkpoint.router.dispose();
  }
}

/** A router knows nothing about costs that it has not seen, and little beyond the weights that it was trained at. */
function checkCostWeight(terminal: Terminal, { costWeights }: LoadedCheckpoint, costWeight: number): void {
  if (costWeight === 0) return;
  if (costWeights === null) {
    throw new UsageError(
      "--cost-weight: this router was trained without costs; leave it out, or train on outcomes with costs",
    );
  }
  const largest = Math.max(...costWeights);
  if (costWeight > largest) {
    terminal.note(
      `note: --cost-weight ${costWeight} lies beyond ${largest}, the largest that this router was trained at\n`,
    );
  }
}

/** Routes one text with a loaded router. */
export async function routeText(
  { facts, router }: LoadedCheckpoint,
  text: string,
  costWeight: number,
  signal: AbortSignal,
): Promise<Decision> {
  const request = { question: { id: "question", text }, task: facts.task, pool: facts.pool, costWeight };
  const [decision] = await router.route([request], { signal });
  if (decision === undefined) throw new Error("internal: the router gave no decision");
  return decision;
}

/** What `haps route --json` prints. */
export function decisionJson(
  { facts }: LoadedCheckpoint,
  decision: Decision,
  text: string,
  costWeight: number,
): object {
  const arm = decisionArm(decision);
  return {
    simulated: facts.simulated,
    experiment: facts.experiment,
    question: text,
    costWeight,
    chosen: { label: armLabel(arm), arm, roles: decision.roles },
    reason: decision.reason,
    ranking: decision.ranking.map(({ arm: ranked, logProb, ...rest }) => ({
      label: armLabel(ranked),
      arm: ranked,
      probability: Math.exp(logProb),
      ...rest,
    })),
    total: decision.total,
    marginals: decision.marginals,
    router: decision.router,
  };
}

/** Writes a decision for people to standard output. */
export function printDecision(terminal: Terminal, { facts }: LoadedCheckpoint, decision: Decision, text: string): void {
  const { colours, out } = terminal;
  const label = facts.simulated ? colours.yellow(" [simulated]") : "";
  const shown = text.trim().replace(/\s+/g, " ");
  const chosen = armLabel(decisionArm(decision));
  out(`${colours.dim("question")}  ${shown.length > 90 ? `${shown.slice(0, 89)}…` : shown}\n`);
  out(`${colours.dim("chosen")}    ${colours.bold(chosen)}${label}\n`);
  out(wrapText(decision.reason, 100, "          ").replace(/^ {10}/, `${colours.dim("because")}   `));
  const advantages = decision.ranking.some((ranked) => ranked.advantage !== undefined);
  const rows = decision.ranking.map((ranked, place) => {
    const name = armLabel(ranked.arm);
    return [
      String(place + 1),
      name === chosen ? colours.bold(name) : name,
      formatShare(Math.exp(ranked.logProb)),
      ...(advantages ? [formatDifference(ranked.advantage ?? null)] : []),
    ];
  });
  const columns = [
    { title: "", align: "right" as const },
    { title: "arm" },
    { title: "probability", align: "right" as const },
    ...(advantages ? [{ title: "estimated advantage", align: "right" as const }] : []),
  ];
  out(`\n${textTable(columns, rows, colours)}`);
  if (decision.total > decision.ranking.length)
    out(colours.dim(`… and ${decision.total - decision.ranking.length} more arms\n`));
}

import type { EvaluationResult, MethodResult } from "../../evaluation/evaluation-result.ts";
import { formatCost, formatScore } from "../../terminal/format-number.ts";
import { type Column, dataTable } from "../data-table.ts";
import { bestValue, pairedCell, ratioCell, share } from "../figures.ts";
import { html, type Markup } from "../markup.ts";
import { methodDescription, methodKinds } from "../method-kinds.ts";
import { type Section, section, simulatedNote } from "../section.ts";

/** The table of methods. */
export function methodsSection(result: EvaluationResult): Section {
  const { own, rivals, controls, references } = methodKinds(result);
  const seeds = result.summary.seeds.length;
  return section(result, {
    id: "methods",
    name: "Methods",
    title: "Every method on the same unseen questions",
    body: methodTable(result, {
      caption: "Scores, differences and costs of all methods",
      explanation: html`Below each value its 95% interval over distinct texts${seeds > 1 && html`, and ± the standard deviation over ${seeds} seeds`}. Green and red: the interval excludes zero. ★ best of the routers.`,
      groups: [
        { title: "HAPS", methods: own },
        { title: "Other routers", methods: rivals },
        { title: "Privileged control: reads a label that a router cannot know", methods: controls },
        { title: "References: no routers", methods: references },
      ],
      routers: [...own, ...rivals],
    }),
  });
}

/** What {@link methodTable} shows. */
export interface MethodTable {
  readonly caption: string;
  readonly explanation: Markup;
  readonly groups: readonly { readonly title: string; readonly methods: readonly MethodResult[] }[];
  /** Methods among which the best values are marked. */
  readonly routers: readonly MethodResult[];
}

/** A table of methods; columns without any value are left out. */
export function methodTable(result: EvaluationResult, { caption, explanation, groups, routers }: MethodTable): Markup {
  const shown = groups.flatMap((group) => group.methods);
  const columns = columnsOf(result, shown, routers);
  return dataTable({
    className: "methods",
    caption: `${caption}${simulatedNote(result)}`,
    explanation,
    columns: [{ title: "Method" }, ...columns],
    groups: groups.map(({ title, methods }) => ({
      title,
      rows: methods.map(
        (method) =>
          html`<tr${method.name === "haps" && html` class="haps"`}>${nameCell(method)}${columns.map((column) => column.cell(method))}</tr>\n`,
      ),
    })),
  });
}

interface MethodColumn extends Column {
  readonly cell: (method: MethodResult) => Markup;
}

function columnsOf(
  { summary, arms }: EvaluationResult,
  shown: readonly MethodResult[],
  routers: readonly MethodResult[],
): MethodColumn[] {
  const bestScore = Math.max(...routers.map(({ score }) => score));
  const bestRatio = Math.min(...routers.map(({ costRatio }) => costRatio ?? Number.POSITIVE_INFINITY));
  const compete = routers.length > 1;
  const has = (value: (method: MethodResult) => unknown): boolean => shown.some((method) => value(method) !== null);
  const columns: (MethodColumn | false)[] = [
    {
      title: "Score",
      cell: (method) => scoreCell(method, compete && routers.includes(method) && method.score === bestScore),
    },
    has((method) => method.versusBestSingle) && {
      title: "Minus best single",
      cell: (method) => (method.name === "best-single" ? sameCell : pairedCell(method.versusBestSingle)),
    },
    has((method) => method.versusHaps) && {
      title: "Minus HAPS",
      cell: (method) => (method.name === "haps" ? sameCell : pairedCell(method.versusHaps)),
    },
    has((method) => method.cost) && {
      title: html`Cost of a question${summary.costUnit !== null && html`, ${summary.costUnit}`}`,
      cell: (method) => html`<td>${formatCost(method.cost)}</td>`,
    },
    has((method) => method.costRatio) && {
      title: "Cost ratio to best single",
      cell: (method) => ratioCell(method, compete && routers.includes(method) && method.costRatio === bestRatio),
    },
    {
      title: html`Entropy, nats<small>of ln ${arms.length}</small>`,
      cell: ({ entropy, entropyNormalised }) =>
        html`<td>${entropy.toFixed(2)}<small>${share(entropyNormalised)}</small></td>`,
    },
    has((method) => method.oracleShare) && {
      title: "Share of oracle’s gain",
      cell: ({ oracleShare }) => html`<td>${share(oracleShare)}</td>`,
    },
    shown.some(({ notRecorded }) => notRecorded > 0) && {
      title: "Choices not recorded",
      cell: ({ notRecorded }) => html`<td>${notRecorded}</td>`,
    },
  ];
  return columns.filter((column) => column !== false);
}

const sameCell = html`<td class="same">–<span class="unseen"> (itself)</span></td>`;

function nameCell({ name, privileged, reference }: MethodResult): Markup {
  const description = methodDescription(name);
  return html`<th scope="row">${name}${privileged && html` <span class="tag">${reference ? "hindsight" : "privileged"}</span>`}${description !== undefined && html`<small>${description}</small>`}</th>`;
}

function scoreCell({ score, interval, seedDeviation }: MethodResult, best: boolean): Markup {
  const text = formatScore(score);
  return html`<td>${best ? bestValue(text) : text}<small>${scoreInterval(interval)}</small>${seedDeviation !== null && html`<small>± ${seedDeviation.toFixed(4)}</small>`}</td>`;
}

function scoreInterval([low, high]: readonly [number, number]): string {
  return `[${formatScore(low)}, ${formatScore(high)}]`;
}

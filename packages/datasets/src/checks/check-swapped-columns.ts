import { examplesOf, type Finding } from "./finding.ts";
import { signTest } from "./sampling.ts";
import type { TableView } from "./table-view.ts";

/** Fewest texts in both splits from which columns are compared. */
const FEWEST = 10;
/** Chance of a false alarm per pair of splits. */
const LEVEL = 0.05;
/** Column comparisons beyond which fewer texts are used: about a second. */
const MOST_COMPARISONS = 2e7;

/** Two rows with the same text, one of each split. */
type Pair = readonly [first: number, second: number];

/**
 * Columns that agree better with another column's twin than with their own: where texts occur in two splits, every
 * column must agree best with itself.
 *
 * Agreement of a column of one split with a column of the other is `1 - mean |difference of scores|` over the shared
 * texts. A column is called swapped when a sign test over the texts says so at 5% for all comparisons together; two that
 * point at each other are tested as a pair. Weaker cases are one note.
 */
export function checkSwappedColumns(view: TableView): readonly Finding[] {
  const names = [...view.splits.keys()];
  return names.flatMap((first, position) =>
    names.slice(position + 1).flatMap((second) => compareSplits(view, first, second)),
  );
}

function compareSplits(view: TableView, first: string, second: string): readonly Finding[] {
  const theirs = view.splits.get(second);
  const all = [...(view.splits.get(first) ?? [])].flatMap(([group, rows]): readonly Pair[] => {
    const [row, twin] = [rows[0], theirs?.get(group)?.[0]];
    return row === undefined || twin === undefined ? [] : [[row, twin]];
  });
  if (all.length === 0 || view.arms < 2) return [];
  const splits = [first, second];
  if (all.length < FEWEST) {
    const message = `only ${all.length} texts stand in splits "${first}" and "${second}": too few to see swapped columns`;
    return [{ severity: "note", code: "swaps-untested", message, facts: { splits, texts: all.length } }];
  }
  const pairs = all.slice(0, Math.max(50, Math.floor(MOST_COMPARISONS / view.arms ** 2)));
  const bestOf = view.labels.map((_, arm) => bestTwin(view, pairs, arm));
  const findings: Finding[] = [];
  const unsure: string[] = [];
  for (const [arm, twin] of bestOf.entries()) {
    if (twin === arm) continue;
    const mutual = bestOf[twin] === arm;
    if (mutual && twin < arm) continue;
    const chance = mutual ? pairTest(view, pairs, arm, twin) : columnTest(view, pairs, arm, twin);
    if (chance > LEVEL) {
      unsure.push(`${view.labels[arm]} ${mutual ? "and" : "with"} ${view.labels[twin]}`);
      continue;
    }
    findings.push(swapFinding(view, { splits, pairs, arm, twin, mutual, chance }));
  }
  if (unsure.length > 0) {
    const listed = examplesOf(unsure).join("; ");
    findings.push({
      severity: "note",
      code: "swapped-columns",
      message: `some columns agree slightly better with another's twin, which may be chance: ${listed}`,
      facts: { splits, columns: unsure, texts: pairs.length },
    });
  }
  return findings;
}

interface Swap {
  readonly splits: readonly string[];
  readonly pairs: readonly Pair[];
  readonly arm: number;
  readonly twin: number;
  readonly mutual: boolean;
  readonly chance: number;
}

function swapFinding(view: TableView, { splits, pairs, arm, twin, mutual, chance }: Swap): Finding {
  const [first, second] = splits;
  const columns = [view.labels[arm] ?? "", view.labels[twin] ?? ""];
  const arms = mutual ? [arm, twin] : [arm];
  const partner = arms.map((one) => agreement(view, pairs, one, one === arm ? twin : arm));
  const itself = arms.map((one) => agreement(view, pairs, one, one));
  const percent = (values: readonly number[]): string =>
    values.map((value) => `${Math.round(100 * value)}%`).join(" and ");
  const evidence = `${percent(partner)} against ${percent(itself)} with ${mutual ? "themselves" : "itself"}, on ${pairs.length} texts of both`;
  const advice = "use one split only, or ask the source which names are right";
  return {
    severity: "error",
    code: "swapped-columns",
    message: mutual
      ? `${columns.join(" and ")} look swapped between splits "${first}" and "${second}": they agree crosswise in ${evidence}; ${advice}`
      : `${columns[0]} of split "${first}" agrees best with ${columns[1]} of split "${second}": ${evidence}; ${advice}`,
    facts: { splits, columns, mutual, texts: pairs.length, agreement: { itself, partner }, chance },
  };
}

/** Column of the other split that agrees best with `arm`; its own wins ties and where it cannot be compared. */
function bestTwin(view: TableView, pairs: readonly Pair[], arm: number): number {
  let best = arm;
  let bestAgreement = agreement(view, pairs, arm, arm);
  for (let twin = 0; twin < view.arms; twin += 1) {
    const value = agreement(view, pairs, arm, twin);
    if (value > bestAgreement + 1e-12) {
      best = twin;
      bestAgreement = value;
    }
  }
  return best;
}

/** NaN where the two columns share too few texts. */
function agreement(view: TableView, pairs: readonly Pair[], arm: number, twin: number): number {
  let total = 0;
  let count = 0;
  for (const pair of pairs) {
    const value = difference(view, pair, arm, twin);
    if (Number.isNaN(value)) continue;
    total += value;
    count += 1;
  }
  return count < FEWEST ? Number.NaN : 1 - total / count;
}

function difference({ table, arms }: TableView, [first, second]: Pair, arm: number, twin: number): number {
  return Math.abs((table.score[first * arms + arm] ?? Number.NaN) - (table.score[second * arms + twin] ?? Number.NaN));
}

function columnTest(view: TableView, pairs: readonly Pair[], arm: number, twin: number): number {
  const gains = pairs.map((pair) => difference(view, pair, arm, arm) - difference(view, pair, arm, twin));
  return testSigns(gains, view.arms * (view.arms - 1));
}

function pairTest(view: TableView, pairs: readonly Pair[], arm: number, twin: number): number {
  const gains = pairs.map(
    (pair) =>
      difference(view, pair, arm, arm) +
      difference(view, pair, twin, twin) -
      difference(view, pair, arm, twin) -
      difference(view, pair, twin, arm),
  );
  return testSigns(gains, (view.arms * (view.arms - 1)) / 2);
}

/** Bonferroni-corrected chance of so many positive gains. */
function testSigns(gains: readonly number[], comparisons: number): number {
  const wins = gains.filter((gain) => gain > 1e-9).length;
  const losses = gains.filter((gain) => gain < -1e-9).length;
  return Math.min(1, comparisons * signTest(wins, wins + losses));
}

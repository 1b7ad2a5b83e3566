import { averageOverSeeds } from "@haps/evaluation";
import type { OutcomeTable } from "@haps/spec";
import { recordedMean } from "./study-means.ts";
import type { StudyMethod } from "./study-methods.ts";
import type { StudyResult } from "./study-result.ts";
import type { UnitRecord } from "./study-unit.ts";

/**
 * Mean scores of methods on the questions of each value of a label, values in the order of their names.
 *
 * @returns `null` where no question has the label.
 */
export function labelScores(
  { rows }: OutcomeTable,
  label: string,
  methods: readonly StudyMethod[],
): StudyResult["breakdowns"][number] | null {
  const places = new Map<string, number[]>();
  rows.forEach(({ labels }, place) => {
    const value = labels[label] ?? "(none)";
    const known = places.get(value);
    if (known === undefined) places.set(value, [place]);
    else known.push(place);
  });
  if (rows.every(({ labels }) => labels[label] === undefined)) return null;
  const shown = methods.filter(({ seeds }) => seeds.length > 0);
  const means = shown.map(({ seeds }) => averageOverSeeds(seeds.map(({ score }) => score)));
  return {
    label,
    methods: shown.map(({ id }) => id),
    rows: [...places]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([value, own]) => ({
        value,
        questions: own.length,
        scores: means.map((scores) => recordedMean(own.map((place) => scores[place] as number))),
      })),
  };
}

/** Means over seeds of what units found of their generated weights; methods that found nothing are left out. */
export function meanDiagnostics(
  methods: readonly { readonly id: string }[],
  units: readonly UnitRecord[],
): StudyResult["diagnostics"] {
  return methods.flatMap(({ id }) => {
    const own = units.filter(({ method }) => method === id).map(({ diagnostics }) => diagnostics);
    const names = [...new Set(own.flatMap((one) => Object.keys(one)))].sort();
    if (names.length === 0) return [];
    const figures = names.map((name) => [name, recordedMean(own.map((one) => one[name] ?? Number.NaN))] as const);
    return [{ method: id, figures: Object.fromEntries(figures) }];
  });
}

/** Looks at valid during joint training, by seed. */
export function learningCurves(method: string, units: readonly UnitRecord[]): StudyResult["curves"] {
  return units
    .filter((unit) => unit.method === method && unit.curve.length > 0)
    .sort((a, b) => a.seed - b.seed)
    .map(({ seed, curve }) => ({ seed, points: curve }));
}

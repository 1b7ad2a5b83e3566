import { html, type Markup } from "./markup.ts";

/** Labels of arms without what all of them share. */
export interface ArmLabels {
  /** Parts that stand in every label, e.g. the only candidate; empty where there are none. */
  readonly common: string;
  readonly labels: readonly string[];
}

const SEPARATOR = " · ";

/** Takes out what all arms have in common, so that the eye finds what differs. */
export function armLabels(arms: readonly { readonly label: string }[]): ArmLabels {
  const parts = arms.map(({ label }) => label.split(SEPARATOR));
  const common = (parts[0] ?? []).filter((part) => parts.every((own) => own.includes(part)));
  const labels = parts.map((own) => own.filter((part) => !common.includes(part)).join(SEPARATOR));
  // With one arm, or where labels repeat, nothing is left to tell arms by.
  if (labels.includes("")) return { common: "", labels: arms.map(({ label }) => label) };
  return { common: common.join(SEPARATOR), labels };
}

/** A label that breaks in narrow columns where people would break it. */
export function breakable(label: string): Markup {
  const pieces = label.split(/(?<=[=_/·-])/);
  return html`${pieces.map((piece) => html`${piece}<wbr>`)}`;
}

import type { FactBase, TableId } from "../facts/fact-base.ts";
import { createRandomStream } from "../random-stream.ts";
import { SPLIT_NAMES, type SplitName } from "../split-name.ts";
import { BRIDGE_KINDS, type BridgeKind } from "./bridge-kinds.ts";

/** Of the chains that are not for training, the part that valid gets, but at least two of each kind. */
const VALID_SHARE = 0.15;
/** The subjects of each kind of bridge question, by split. */
export type BridgeChains = Readonly<Record<SplitName, ReadonlyMap<string, readonly string[]>>>;

/**
 * Divides the chains (subject, relation, relation) among the splits, held out whatever their wording and world.
 *
 * Chains are held out, not entities: the kinds of each subject alternate between train and the rest in random order, so
 * every subject has at least one chain in train and one outside it. A subject that names its own bridge (Mexico City) is left
 * out: its questions would need one hop.
 */
export function splitBridgeChains(facts: FactBase, seed: number): BridgeChains {
  const chains: Record<SplitName, Map<string, string[]>> = { train: new Map(), valid: new Map(), test: new Map() };
  for (const split of SPLIT_NAMES) for (const { id } of BRIDGE_KINDS) chains[split].set(id, []);
  const heldOut = new Map<string, string[]>(BRIDGE_KINDS.map(({ id }) => [id, []]));
  for (const table of new Set(BRIDGE_KINDS.map((kind) => kind.table))) {
    const kinds = BRIDGE_KINDS.filter((kind) => kind.table === table);
    for (const subject of facts.entities[table].filter(
      (name) => !kinds.some((kind) => namesBridge(facts, kind, name)),
    )) {
      const stream = createRandomStream(seed, `chains/${table}/${subject}`);
      const offset = stream.integer(2);
      stream.shuffle(kinds).forEach(({ id }, index) => {
        const target = (index + offset) % 2 === 0 ? chains.train : heldOut;
        target.get(id)?.push(subject);
      });
    }
  }
  for (const [id, subjects] of heldOut) {
    const order = createRandomStream(seed, `held-out/${id}`).shuffle(subjects);
    const count = Math.max(2, Math.round(order.length * VALID_SHARE));
    chains.valid.set(id, order.slice(0, count));
    chains.test.set(id, order.slice(count));
  }
  return chains;
}

function namesBridge(facts: FactBase, { first }: BridgeKind, subject: string): boolean {
  const bridge = facts.columns[first].get(subject);
  return bridge !== undefined && ` ${subject} `.includes(` ${bridge} `);
}

/** Name of a bridge chain. */
export function bridgeChain(kind: BridgeKind, subject: string): string {
  return `${kind.id}|${subject}`;
}

/** Name of the unordered pair of a comparison, whatever is compared. */
export function comparisonChain(table: TableId, a: string, b: string): string {
  return `${table}|${[a, b].sort().join("|")}`;
}

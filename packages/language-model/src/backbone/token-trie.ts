/** A token that some continuations begin with, after all that leads to it. */
export interface TrieNode {
  readonly token: number;
  /** Index of the node before it, -1 right after the prompt. */
  readonly parent: number;
  /** Tokens between it and the prompt. */
  readonly depth: number;
  /** By token. */
  readonly children: Map<number, number>;
}

/** One factor of a score: the probability of a token after a node. */
export interface TriePick {
  /** Index of the node, -1 for the prompt's last token. */
  readonly node: number;
  readonly token: number;
}

/** Continuations of one prompt, common beginnings once. */
export interface TokenTrie {
  /** Parents before children. */
  readonly nodes: readonly TrieNode[];
  /** Tokens right after the prompt. */
  readonly roots: ReadonlyMap<number, number>;
  /** Walks on from a node (-1: from the prompt), making what is missing; returns where it ends. */
  walk(from: number, tokens: readonly number[]): number;
  /** Factors of the probability of tokens after a node; the last token gets no node, since nothing follows it. */
  picks(from: number, tokens: readonly number[]): TriePick[];
}

/** Makes an empty trie. */
export function createTokenTrie(): TokenTrie {
  const nodes: TrieNode[] = [];
  const roots = new Map<number, number>();
  const step = (parent: number, token: number): number => {
    const siblings = parent < 0 ? roots : (nodes[parent] as TrieNode).children;
    const found = siblings.get(token);
    if (found !== undefined) return found;
    const depth = parent < 0 ? 0 : (nodes[parent] as TrieNode).depth + 1;
    siblings.set(token, nodes.length);
    nodes.push({ token, parent, depth, children: new Map() });
    return nodes.length - 1;
  };
  const walk = (from: number, tokens: readonly number[]): number => tokens.reduce(step, from);
  return {
    nodes,
    roots,
    walk,
    picks(from, tokens) {
      let node = from;
      return tokens.map((token, index) => {
        if (index > 0) node = step(node, tokens[index - 1] as number);
        return { node, token };
      });
    },
  };
}

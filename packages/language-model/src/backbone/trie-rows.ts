import type { AttentionSegment } from "@haps/tensor";
import type { TokenTrie, TrieNode } from "./token-trie.ts";

/** A trie and the prompt that it continues. */
export interface PromptTrie {
  /** Index of the prompt. */
  readonly prompt: number;
  /** Its tokens. */
  readonly length: number;
  readonly trie: TokenTrie;
}

/** Tries of several prompts as packed rows: each token once, each unbranched stretch a segment. */
export interface TrieRows {
  readonly tokens: readonly number[];
  /** Positions in their sequences, the prompt counted. */
  readonly positions: readonly number[];
  /** Ancestors are segments of the same trie. */
  readonly segments: readonly AttentionSegment[];
  /** Prompt that each segment continues. */
  readonly promptOf: readonly number[];
  /** Row of each node, trie by trie. */
  readonly rowOf: readonly Int32Array[];
}

/** Lays tries out as rows. */
export function trieRows(tries: readonly PromptTrie[]): TrieRows {
  const tokens: number[] = [];
  const positions: number[] = [];
  const segments: AttentionSegment[] = [];
  const promptOf: number[] = [];
  const rowOf = tries.map(({ prompt, length, trie }) => {
    const rows = new Int32Array(trie.nodes.length);
    const lay = (first: number, ancestors: readonly number[]): void => {
      const start = tokens.length;
      let node = trie.nodes[first] as TrieNode;
      let index = first;
      for (;;) {
        rows[index] = tokens.length;
        tokens.push(node.token);
        positions.push(length + node.depth);
        if (node.children.size !== 1) break;
        [index] = node.children.values() as Iterable<number> as [number];
        node = trie.nodes[index] as TrieNode;
      }
      const own = segments.length;
      segments.push({ start, length: tokens.length - start, ancestors });
      promptOf.push(prompt);
      for (const child of node.children.values()) lay(child, [...ancestors, own]);
    };
    for (const root of trie.roots.values()) lay(root, []);
    return rows;
  });
  return { tokens, positions, segments, promptOf, rowOf };
}

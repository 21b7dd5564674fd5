import type { AffinityTerm } from "./affinity_term.ts";
import type { NodeInfo } from "./node_info.ts";
import type { PodInfo } from "./pod_info.ts";

/** Which terms of placed pods: the ones that forbid, and the ones that attract or repel. */
export type TermKind = "required" | "requiredAnti" | "preferred" | "preferredAnti";

/** One term, and how many pods that have it are on each node. */
export interface PlacedTerm {
  readonly kind: TermKind;
  readonly weight: number;
  readonly term: AffinityTerm;
  readonly counts: ReadonlyMap<NodeInfo, number>;
}

/**
 * The affinity terms of all placed pods. Pods of one workload have the same terms, so there are few distinct ones however
 * many pods there are; a pod being placed is tested against each once.
 */
export class PlacedTerms {
  readonly #terms = new Map<string, PlacedTerm & { readonly counts: Map<NodeInfo, number> }>();

  /** All distinct terms in force. */
  all(): Iterable<PlacedTerm> {
    return this.#terms.values();
  }

  get isEmpty(): boolean {
    return this.#terms.size === 0;
  }

  /** A pod came to a node, or left it. */
  changed(pod: PodInfo, node: NodeInfo, by: 1 | -1): void {
    const { required, requiredAnti, preferred, preferredAnti } = pod.affinities;
    for (const term of required) this.#count({ kind: "required", weight: 1, term }, node, by);
    for (const term of requiredAnti) {
      this.#count({ kind: "requiredAnti", weight: 1, term }, node, by);
    }
    for (const { term, weight } of preferred) {
      this.#count({ kind: "preferred", weight, term }, node, by);
    }
    for (const { term, weight } of preferredAnti) {
      this.#count({ kind: "preferredAnti", weight, term }, node, by);
    }
  }

  #count(term: Omit<PlacedTerm, "counts">, node: NodeInfo, by: 1 | -1): void {
    const key = `${term.kind};${term.weight};${term.term.key}`;
    let known = this.#terms.get(key);
    if (!known) this.#terms.set(key, known = { ...term, counts: new Map() });
    const next = (known.counts.get(node) ?? 0) + by;
    if (next > 0) known.counts.set(node, next);
    else known.counts.delete(node);
    if (known.counts.size === 0) this.#terms.delete(key);
  }
}

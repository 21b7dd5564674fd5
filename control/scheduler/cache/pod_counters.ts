import type { NodeInfo } from "./node_info.ts";
import type { PodInfo } from "./pod_info.ts";

/** Pods that somebody wants counted. */
export interface PodQuery {
  /** The same text for queries that count the same pods. */
  readonly key: string;
  /** Where the pods can be; absent: anywhere. Spares the others the test. */
  readonly namespaces?: ReadonlySet<string> | undefined;
  matches(pod: PodInfo): boolean;
}
/** How many matching pods each node has; nodes without any are absent. */
export type PodCounts = ReadonlyMap<NodeInfo, number>;

interface Counter {
  readonly query: PodQuery;
  readonly counts: Map<NodeInfo, number>;
}

/** Queries kept up to date; the one unused longest goes first. Replicas of one workload share a query. */
const maxQueries = 256;

/**
 * Counts of pods by node, kept up to date pod by pod. So spreading and affinity read counts instead of testing every pod
 * of the cluster for each pod that is placed.
 */
export class PodCounters {
  readonly #nodes: () => Iterable<NodeInfo>;
  readonly #counters = new Map<string, Counter>();

  /** `nodes` gives all nodes with their pods; it is read once for each new query. */
  constructor(nodes: () => Iterable<NodeInfo>) {
    this.#nodes = nodes;
  }

  /** The counts of a query. The map is live: it goes on to be right until 256 other queries were asked. */
  of(query: PodQuery): PodCounts {
    const known = this.#counters.get(query.key);
    if (known) {
      this.#counters.delete(query.key);
      this.#counters.set(query.key, known);
      return known.counts;
    }
    const counter = { query, counts: new Map<NodeInfo, number>() };
    for (const node of this.#nodes()) {
      for (const pod of node.pods.values()) count(counter, pod, { node, by: 1 });
    }
    if (this.#counters.size >= maxQueries) {
      this.#counters.delete(this.#counters.keys().next().value!);
    }
    this.#counters.set(query.key, counter);
    return counter.counts;
  }

  /** A pod came to a node, or left it. */
  changed(pod: PodInfo, change: { readonly node: NodeInfo; readonly by: 1 | -1 }): void {
    for (const counter of this.#counters.values()) count(counter, pod, change);
  }
}

function count(
  { query, counts }: Counter,
  pod: PodInfo,
  { node, by }: { readonly node: NodeInfo; readonly by: 1 | -1 },
): void {
  if (query.namespaces && !query.namespaces.has(pod.namespace)) return;
  if (!query.matches(pod)) return;
  const next = (counts.get(node) ?? 0) + by;
  if (next > 0) counts.set(node, next);
  else counts.delete(node);
}

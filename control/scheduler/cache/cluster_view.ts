import type { NodeInfo } from "./node_info.ts";
import type { PlacedTerm } from "./placed_terms.ts";
import type { PodCounts, PodQuery } from "./pod_counters.ts";

/** Distinct values of node labels, by label key. */
export type Domains = ReadonlyMap<string, ReadonlySet<string>>;

/** The cluster as plugins see it. Nothing in it changes during a scheduling cycle. */
export interface ClusterView {
  /** All nodes, zone by turn. */
  nodes(): readonly NodeInfo[];
  node(name: string): NodeInfo | undefined;
  /** The domains of each of several topologies, of nodes that are in all of them. */
  domains(topologyKeys: readonly string[]): Domains;
  /** Counts of placed pods. */
  count(query: PodQuery): PodCounts;
  /** The distinct affinity terms of placed pods. */
  placedTerms(): Iterable<PlacedTerm>;
  /** On how many nodes an image is; 0 if on none. */
  imageSpread(name: string): number;
}

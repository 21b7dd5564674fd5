import type { NodeInfo } from "./cache/node_info.ts";
import type { PodCounts } from "./cache/pod_counters.ts";

/** A number for each domain (a value of a node label) of several topologies. */
export class TopologyCounts {
  readonly #counts = new Map<string, Map<string, number>>();

  /** Whether nothing was ever added to a domain, or all of it taken back. */
  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  /** Adds `by` to the domain of a node; a node without the label has none. */
  add(topologyKey: string, node: NodeInfo, by: number): void {
    const domain = node.labels[topologyKey];
    if (domain === undefined) return;
    let domains = this.#counts.get(topologyKey);
    if (!domains) this.#counts.set(topologyKey, domains = new Map());
    const next = (domains.get(domain) ?? 0) + by;
    if (next !== 0) domains.set(domain, next);
    else domains.delete(domain);
    if (domains.size === 0) this.#counts.delete(topologyKey);
  }

  /** Adds the count of each node, `weight` times. */
  addAll(topologyKey: string, counts: PodCounts, weight: number): void {
    for (const [node, count] of counts) this.add(topologyKey, node, count * weight);
  }

  /** The number of the node's domain in one topology. */
  at(topologyKey: string, node: NodeInfo): number {
    const domain = node.labels[topologyKey];
    return domain === undefined ? 0 : this.#counts.get(topologyKey)?.get(domain) ?? 0;
  }

  /** The sum over all topologies. */
  sum(node: NodeInfo): number {
    let sum = 0;
    for (const [topologyKey, domains] of this.#counts) {
      const domain = node.labels[topologyKey];
      if (domain !== undefined) sum += domains.get(domain) ?? 0;
    }
    return sum;
  }

  clone(): TopologyCounts {
    const copy = new TopologyCounts();
    for (const [key, domains] of this.#counts) copy.#counts.set(key, new Map(domains));
    return copy;
  }
}

import type { Node } from "../../../shared/api/core/v1/types.gen.ts";
import type { EventKind } from "../framework.ts";
import type { ClusterView, Domains } from "./cluster_view.ts";
import { NodeInfo } from "./node_info.ts";
import { PlacedTerms } from "./placed_terms.ts";
import { PodCounters, type PodCounts, type PodQuery } from "./pod_counters.ts";
import type { PodInfo } from "./pod_info.ts";

interface Placed {
  readonly pod: PodInfo;
  readonly node: NodeInfo;
  /** Chosen by us, but not seen as bound yet. */
  readonly isAssumed: boolean;
}

/**
 * Nodes and the pods on them, fed with single changes. A cycle runs without interruption, so it reads this directly and no
 * snapshot is copied. An assumed pod stays until its binding is seen, the pod is gone, or the binding failed and it
 * is forgotten: informers list again after every gap, so one of these always comes, and expiry by time would only let
 * its room be given away twice.
 */
export class SchedulerCache implements ClusterView {
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #pods = new Map<string, Placed>();
  readonly #images = new Map<string, number>();
  readonly #counters = new PodCounters(() => this.#nodes.values());
  readonly #terms = new PlacedTerms();
  #order: readonly NodeInfo[] | undefined;
  /** By the label keys; all are forgotten when a node's labels change, which is rare. */
  readonly #domains = new Map<string, Domains>();

  nodes(): readonly NodeInfo[] {
    return this.#order ??= inTurn(this.#nodes.values());
  }

  node(name: string): NodeInfo | undefined {
    const info = this.#nodes.get(name);
    return info?.node ? info : undefined;
  }

  domains(topologyKeys: readonly string[]): Domains {
    const id = topologyKeys.join();
    let known = this.#domains.get(id);
    if (!known) {
      if (this.#domains.size >= maxDomains) this.#domains.clear();
      this.#domains.set(id, known = domainsOf(this.nodes(), topologyKeys));
    }
    return known;
  }

  count(query: PodQuery): PodCounts {
    return this.#counters.of(query);
  }

  placedTerms() {
    return this.#terms.all();
  }

  imageSpread(name: string): number {
    return this.#images.get(name) ?? 0;
  }

  /** The node of a placed pod and whether we only assume it. */
  placement(uid: string): Placed | undefined {
    return this.#pods.get(uid);
  }

  /** Adds or renews a node; says what changed. */
  setNode(node: Node): { readonly info: NodeInfo; readonly changes: readonly EventKind[] } {
    const info = this.#node(node.metadata.name ?? "");
    const zone = info.node && info.zone;
    this.#countImages(info, -1);
    const changes = info.setNode(node);
    this.#countImages(info, 1);
    if (zone !== info.zone) this.#order = undefined;
    if (changes.includes("NodeAdd") || changes.includes("NodeLabels")) this.#domains.clear();
    return { info, changes };
  }

  /** The node is gone. Its pods are still counted until they go, too. */
  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (!info) return;
    this.#countImages(info, -1);
    info.setNode(undefined);
    this.#order = undefined;
    this.#domains.clear();
    this.#drop(info);
  }

  /** A pod is bound: seen for the first time, changed, or as we assumed. */
  setPod(pod: PodInfo): void {
    const known = this.#pods.get(pod.uid);
    const name = pod.nodeName ?? "";
    if (known && known.node.name === name && known.pod.countsLike(pod)) {
      // Nothing that was counted differs: swap the version without counting again.
      known.node.pods.set(pod.uid, pod);
      this.#pods.set(pod.uid, { pod, node: known.node, isAssumed: false });
      return;
    }
    if (known) this.#remove(known);
    this.#add({ pod, node: this.#node(name), isAssumed: false });
  }

  /** Counts a pod on the node chosen for it before the API knows. Throws TypeError if it is placed already. */
  assume(pod: PodInfo, node: NodeInfo): void {
    if (this.#pods.has(pod.uid)) throw new TypeError(`Cannot assume pod ${pod.key}: it is placed`);
    this.#add({ pod, node, isAssumed: true });
  }

  /** Takes back an assumption; a pod that was seen bound since stays. */
  forget(uid: string): void {
    const known = this.#pods.get(uid);
    if (known?.isAssumed) this.#remove(known);
  }

  /** The pod is gone or has ended. Returns where it was. */
  removePod(uid: string): Placed | undefined {
    const known = this.#pods.get(uid);
    if (known) this.#remove(known);
    return known;
  }

  #node(name: string): NodeInfo {
    let info = this.#nodes.get(name);
    if (!info) this.#nodes.set(name, info = new NodeInfo(name));
    return info;
  }

  #add(placed: Placed): void {
    const { pod, node } = placed;
    this.#pods.set(pod.uid, placed);
    node.addPod(pod);
    this.#counters.changed(pod, { node, by: 1 });
    this.#terms.changed(pod, node, 1);
  }

  #remove({ pod: { uid }, node }: Placed): void {
    const pod = node.pods.get(uid)!;
    this.#pods.delete(uid);
    node.removePod(uid);
    this.#counters.changed(pod, { node, by: -1 });
    this.#terms.changed(pod, node, -1);
    this.#drop(node);
  }

  #drop(info: NodeInfo): void {
    if (!info.node && info.pods.size === 0) this.#nodes.delete(info.name);
  }

  #countImages(info: NodeInfo, by: 1 | -1): void {
    for (const name of info.images.keys()) {
      const count = (this.#images.get(name) ?? 0) + by;
      if (count > 0) this.#images.set(name, count);
      else this.#images.delete(name);
    }
  }
}

/** Combinations of label keys whose domains are kept. */
const maxDomains = 64;

function domainsOf(nodes: readonly NodeInfo[], keys: readonly string[]): Domains {
  const domains = new Map(keys.map((key) => [key, new Set<string>()]));
  for (const { labels } of nodes) {
    if (keys.some((key) => labels[key] === undefined)) continue;
    for (const [key, values] of domains) values.add(labels[key]!);
  }
  return domains;
}

/** One node of each zone, then the next of each: so that looking at a part of the nodes sees all zones. */
function inTurn(all: Iterable<NodeInfo>): readonly NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>();
  for (const info of all) {
    if (!info.node) continue;
    const zone = zones.get(info.zone);
    if (zone) zone.push(info);
    else zones.set(info.zone, [info]);
  }
  const lists = [...zones.values()];
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  const order: NodeInfo[] = [];
  for (let index = 0; index < longest; index++) {
    for (const list of lists) if (index < list.length) order.push(list[index]!);
  }
  return order;
}

import type { Node, Taint } from "../../../shared/api/core/v1/types.gen.ts";
import type { EventKind } from "../framework.ts";
import { type HostPort, type PodInfo, sameLabels } from "./pod_info.ts";
import { Resources } from "./resources.ts";

const noTaints: readonly Taint[] = [];
const anyIP = "0.0.0.0";

/**
 * A node and what is on it, kept up to date by the smallest change. Plugins read it; only the cache and dry runs (on
 * copies) change it. It may exist without its node, as long as pods are bound to a name that is not (or no more) there.
 */
export class NodeInfo {
  readonly name: string;
  node: Node | undefined;
  labels: Readonly<Record<string, string>> = {};
  taints: readonly Taint[] = noTaints;
  /** Whether a taint or the node's spec keeps pods away that do not tolerate it. */
  isUnschedulable = false;
  /** Region and zone: nodes are looked at zone by turn. */
  zone = "";
  allocatable = new Resources();
  allowedPods = 0;
  readonly requested = new Resources();
  /** As `requested`, with assumed amounts for what containers do not say. */
  readonly assumed = new Resources();
  readonly pods = new Map<string, PodInfo>();
  readonly images = new Map<string, number>();
  /** How many pods use a port, by `protocol:port` and then IP. */
  readonly #ports = new Map<string, Map<string, number>>();

  constructor(name: string) {
    this.name = name;
  }

  /** Takes over a new version of the node (or its end); says what changed that waiting pods may care for. */
  setNode(node: Node | undefined): readonly EventKind[] {
    const before = this.#facts();
    const had = this.node !== undefined;
    this.node = node;
    this.labels = node?.metadata.labels ?? {};
    this.taints = node?.spec?.taints ?? noTaints;
    this.isUnschedulable = node?.spec?.unschedulable ?? false;
    this.zone = zoneOf(this.labels);
    const allocatable = node?.status?.allocatable;
    this.allocatable = Resources.of(allocatable);
    this.allowedPods = this.allocatable.get("pods");
    this.#setImages(node);
    if (!node) return [];
    return had ? changes(before, this.#facts()) : ["NodeAdd"];
  }

  addPod(pod: PodInfo): void {
    this.pods.set(pod.uid, pod);
    this.#count(pod, 1);
  }

  /** Takes off the version of the pod that was added; unknown pods are ignored. */
  removePod(uid: string): void {
    const known = this.pods.get(uid);
    if (!known) return;
    this.pods.delete(uid);
    this.#count(known, -1);
  }

  /** Whether `port` clashes with a port in use: the same, on the same address or on all. */
  isPortUsed({ ip, protocol, port }: HostPort): boolean {
    const users = this.#ports.get(`${protocol}:${port}`);
    if (!users) return false;
    return ip === anyIP ? users.size > 0 : users.has(ip) || users.has(anyIP);
  }

  /** A copy for dry runs. */
  clone(): NodeInfo {
    const copy = new NodeInfo(this.name);
    copy.setNode(this.node);
    for (const pod of this.pods.values()) copy.addPod(pod);
    return copy;
  }

  #count(pod: PodInfo, by: 1 | -1): void {
    this.requested.add(pod.requests, by);
    this.assumed.add(pod.assumedRequests, by);
    for (const { ip, protocol, port } of pod.hostPorts) {
      const key = `${protocol}:${port}`;
      let users = this.#ports.get(key);
      if (!users) this.#ports.set(key, users = new Map());
      const count = (users.get(ip) ?? 0) + by;
      if (count > 0) users.set(ip, count);
      else users.delete(ip);
      if (users.size === 0) this.#ports.delete(key);
    }
  }

  #setImages(node: Node | undefined): void {
    this.images.clear();
    for (const { names, sizeBytes } of node?.status?.images ?? []) {
      for (const name of names ?? []) this.images.set(name, sizeBytes ?? 0);
    }
  }

  #facts(): Facts {
    const { labels, taints, isUnschedulable, allocatable, node } = this;
    const declaredFeatures = node?.status?.declaredFeatures?.join(",") ?? "";
    return { labels, taints, isUnschedulable, allocatable, declaredFeatures };
  }
}

type Facts =
  & Pick<NodeInfo, "labels" | "taints" | "isUnschedulable" | "allocatable">
  & { readonly declaredFeatures: string };

function changes(before: Facts, after: Facts): EventKind[] {
  const kinds: EventKind[] = [];
  if (!before.allocatable.equals(after.allocatable)) kinds.push("NodeAllocatable");
  if (before.declaredFeatures !== after.declaredFeatures) kinds.push("NodeDeclaredFeatures");
  if (!sameLabels(before.labels, after.labels)) kinds.push("NodeLabels");
  if (
    before.isUnschedulable !== after.isUnschedulable || !sameTaints(before.taints, after.taints)
  ) {
    kinds.push("NodeTaints");
  }
  return kinds;
}

function sameTaints(a: readonly Taint[], b: readonly Taint[]): boolean {
  return a === b || a.length === b.length && a.every((taint, index) => {
        const other = b[index]!;
        return taint.key === other.key && taint.effect === other.effect &&
          (taint.value ?? "") === (other.value ?? "");
      });
}

function zoneOf(labels: Readonly<Record<string, string>>): string {
  const region = labels["topology.kubernetes.io/region"] ?? "";
  const zone = labels["topology.kubernetes.io/zone"] ?? "";
  return region || zone ? `${region}:${zone}` : "";
}

import type { KubeObject } from "../../shared/api/kind.ts";
import type { Namespace, Node, Pod } from "../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../shared/client/resources.gen.ts";
import type { InformerSet } from "../../shared/informer/informer.ts";
import type { Nominations } from "./cache/nominations.ts";
import { PodInfo, sameLabels, schedulerNameOf } from "./cache/pod_info.ts";
import type { SchedulerCache } from "./cache/scheduler_cache.ts";
import type { ClusterEvent } from "./framework.ts";
import type { SchedulingQueue } from "./queue/scheduling_queue.ts";

export interface InformerFeedOptions {
  readonly informers: InformerSet;
  readonly cache: SchedulerCache;
  readonly queue: SchedulingQueue;
  readonly nominations: Nominations;
  /** Pods of other schedulers are counted where they are bound, but not placed. */
  isOurs(schedulerName: string): boolean;
}

/** Carries what informers see into the cache and the queue. Returns a function that ends it. */
export function feedFromInformers(options: InformerFeedOptions): () => void {
  const feed = new InformerFeed(options);
  const { informers } = options;
  const storage = (object: KubeObject | undefined) => feed.storage(object);
  const ends = [
    informers.of(resources.nodes).onChange((node, previous) => feed.node(node, previous)),
    informers.of(resources.namespaces).onChange((now, before) => feed.namespace(now, before)),
    informers.of(resources.pods).onChange((pod, previous) => feed.pod(pod, previous)),
    informers.of(resources.persistentvolumeclaims).onChange(storage),
    informers.of(resources.persistentvolumes).onChange(storage),
    informers.of(resources.storageclasses).onChange(storage),
    informers.of(resources.csinodes).onChange(storage),
    informers.of(resources.csidrivers).onChange(storage),
    informers.of(resources.csistoragecapacities).onChange(storage),
    informers.of(resources.resourceclaims).onChange(storage),
  ];
  return () => ends.forEach((end) => end());
}

class InformerFeed {
  readonly #options: InformerFeedOptions;

  constructor(options: InformerFeedOptions) {
    this.#options = options;
  }

  node(node: Node | undefined, previous: Node | undefined): void {
    const { cache } = this.#options;
    if (!node) {
      cache.removeNode(previous?.metadata.name ?? "");
      this.#dispatch({ kind: "NodeDelete" });
      return;
    }
    const { info, changes } = cache.setNode(node);
    for (const kind of changes) this.#dispatch({ kind, node: info });
  }

  namespace(now: Namespace | undefined, before: Namespace | undefined): void {
    if (!now || (before && sameLabels(now.metadata.labels ?? {}, before.metadata.labels ?? {}))) {
      return;
    }
    this.#dispatch({ kind: "NamespaceLabels" });
  }

  storage(object: KubeObject | undefined): void {
    if (object) this.#dispatch({ kind: "Storage", object });
  }

  pod(pod: Pod | undefined, previous: Pod | undefined): void {
    const last = pod ?? previous!;
    if (!pod || hasEnded(pod)) return this.#gone(last);
    if (pod.spec?.nodeName) return this.#bound(new PodInfo(pod));
    this.#unbound(pod);
  }

  #gone(pod: Pod): void {
    const { cache, queue, nominations } = this.#options;
    const uid = pod.metadata.uid ?? "";
    const nominated = nominations.nodeOf(uid);
    nominations.delete(uid);
    queue.delete(uid);
    const placed = cache.removePod(uid);
    if (placed) {
      this.#dispatch({ kind: "PodDelete", node: placed.node, pod: placed.pod });
    } else if (nominated !== undefined) {
      // The room kept for it is free for others.
      this.#dispatch({ kind: "PodDelete", node: cache.node(nominated), pod: new PodInfo(pod) });
    }
  }

  #bound(pod: PodInfo): void {
    const { cache, queue, nominations } = this.#options;
    const known = cache.placement(pod.uid);
    cache.setPod(pod);
    nominations.delete(pod.uid);
    queue.delete(pod.uid);
    const node = cache.node(pod.nodeName!);
    if (!known || known.isAssumed) return this.#dispatch({ kind: "PodAdd", node, pod });
    if (
      known.pod.isTerminating !== pod.isTerminating || !sameLabels(known.pod.labels, pod.labels)
    ) this.#dispatch({ kind: "PodLabels", node, pod });
    if (!known.pod.requests.equals(pod.requests)) {
      this.#dispatch({ kind: "PodScaleDown", node, pod });
    }
  }

  #unbound(pod: Pod): void {
    const { cache, queue, nominations, isOurs } = this.#options;
    if (!isOurs(schedulerNameOf(pod))) return;
    const uid = pod.metadata.uid ?? "";
    // Its binding is on the way: this version is older than what we know.
    if (cache.placement(uid)) return;
    if (pod.metadata.deletionTimestamp !== undefined) {
      queue.delete(uid);
      nominations.delete(uid);
      return;
    }
    const info = new PodInfo(pod);
    const nominated = nominations.nodeOf(uid) ?? pod.status?.nominatedNodeName;
    if (nominated) nominations.set(info, nominated);
    queue.set(info);
  }

  #dispatch(event: ClusterEvent): void {
    this.#options.queue.dispatch(event);
  }
}

function hasEnded({ status }: Pod): boolean {
  return status?.phase === "Succeeded" || status?.phase === "Failed";
}

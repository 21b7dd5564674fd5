import type { KubeObject } from "../../shared/api/kind.ts";
import { type Clock, sleep } from "../../shared/clock/clock.ts";
import type { NodeGraph } from "../authorization/node_graph.ts";
import type { RbacAuthorizer } from "../authorization/rbac.ts";
import type { ResourceStore } from "../registry/resource_store.ts";
import { decodeStored } from "../registry/stored_object.ts";
import type { CacheEvent, WatchSink } from "../storage/cacher/cache.ts";

interface Consumer {
  change(object: KubeObject | undefined, previous?: KubeObject): void;
}

/** Changes decoded at once: a few milliseconds, after which requests have their turn. */
const SLICE = 200;
const rbacGroup = "rbac.authorization.k8s.io";

/**
 * Keeps the authorizers' picture of the cluster: everything there is now, then every change as it is committed. The
 * picture of a large cluster's nodes takes seconds to make, so that is not waited for: it goes on beside requests, and
 * nodes' requests wait for it (`NodeGraph.loading`).
 */
export async function feedAuthorizers({ rbac, nodes, storeOf, clock }: {
  readonly rbac: RbacAuthorizer;
  readonly nodes: NodeGraph;
  readonly storeOf: (group: string, plural: string) => ResourceStore;
  readonly clock: Clock;
}): Promise<void> {
  const roles = ["roles", "clusterroles", "rolebindings", "clusterrolebindings"];
  for (const plural of roles) await (await follow(storeOf(rbacGroup, plural), rbac, clock)).loaded;
  const loaded = [
    await follow(storeOf("", "pods"), nodes, clock),
    await follow(storeOf("", "persistentvolumes"), nodes, clock),
    await follow(storeOf("storage.k8s.io", "volumeattachments"), nodes, clock),
    await follow(storeOf("resource.k8s.io", "resourceslices"), nodes, clock),
  ];
  nodes.load(Promise.all(loaded.map((one) => one.loaded)));
}

/** Resolves when changes are being followed, with what resolves when everything there was has been told. */
async function follow(
  store: ResourceStore,
  consumer: Consumer,
  clock: Clock,
): Promise<{ readonly loaded: Promise<void> }> {
  const feed = new Feed(consumer);
  await store.cache.watch({}, feed);
  return { loaded: feed.load(clock) };
}

/** Tells a consumer of changes in their order: what there is at first few at a time, and then every change at once. */
export class Feed implements WatchSink {
  readonly #consumer: Consumer;
  /** What is not told yet; undefined: changes are told at once. */
  #waiting: CacheEvent[] | undefined = [];

  constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  events(batch: readonly CacheEvent[]): void {
    if (this.#waiting) this.#waiting = this.#waiting.concat(batch);
    else for (const event of batch) this.#tell(event);
  }

  bookmark(): void {}

  /** Only when the server stops. */
  closed(): void {
    this.#waiting = [];
  }

  /** Called once the watch is live. Resolves when what there was has been told, and all that happened meanwhile. */
  async load(clock: Clock): Promise<void> {
    for (let told = 0;; told += SLICE) {
      for (const event of this.#waiting!.slice(told, told + SLICE)) this.#tell(event);
      if (told + SLICE >= this.#waiting!.length) break;
      await sleep(clock, 0);
    }
    this.#waiting = undefined;
  }

  #tell({ type, entry }: CacheEvent): void {
    const object = decodeStored(entry.value);
    if (type === "DELETED") this.#consumer.change(undefined, object);
    else this.#consumer.change(object);
  }
}

import type { KubeObject } from "../../../shared/api/kind.ts";
import type { Client } from "../../../shared/client/client.ts";
import { groupVersionOf, hasFinalizer, isBeingDeleted } from "../../../shared/meta/object_meta.ts";
import { isStatus } from "../../../shared/meta/status_error.ts";
import type { OwnerReference } from "../../../shared/meta/types.gen.ts";
import type { DiscoveredResource } from "../../../shared/client/discovery.ts";
import { FOREGROUND, type GraphNode, ORPHAN, type OwnerGraph } from "./owner_graph.ts";

/** UIDs of owners that were looked for in vain; the oldest is forgotten. */
const MAX_ABSENT = 500;

export interface CollectorOptions {
  readonly client: Client;
  readonly graph: OwnerGraph;
  /** The resource of a kind, as far as the API has it. */
  readonly resourceOf: (group: string, kind: string) => DiscoveredResource | undefined;
  /** Whether the graph is complete; only then can it be known that nothing depends on an object. */
  readonly isComplete: () => boolean;
  readonly enqueue: (task: "delete" | "orphan", uid: string) => void;
}

/** How the owners of an object stand. */
interface Owners {
  readonly solid: readonly OwnerReference[];
  /** Gone: verified with the server. */
  readonly dangling: readonly OwnerReference[];
  /** In foreground deletion. */
  readonly waiting: readonly OwnerReference[];
}

/** Looks at one object at a time and deletes, releases or unblocks it as its owners demand. */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #absent = new Set<string>();

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /** Deletes the object if it has lost its owners; lets it go if its foreground deletion waits for nothing more. */
  async tryDelete(uid: string): Promise<void> {
    const { graph } = this.#options;
    const node = graph.get(uid);
    if (!node || (node.deleting && !node.waits)) return;
    const live = await this.#read(node);
    if (!live) return;
    if (isBeingDeleted(live)) {
      if (hasFinalizer(live, FOREGROUND)) await this.#tryFinish(node, live);
      return;
    }
    const owners = await this.#classify(live);
    const lost = [...owners.dangling, ...owners.waiting];
    if (lost.length === 0) return;
    if (owners.solid.length > 0) {
      const isLost = ({ uid }: OwnerReference) => lost.some((owner) => owner.uid === uid);
      const rest = live.metadata.ownerReferences?.filter((owner) => !isLost(owner)) ?? [];
      return await this.#patch(node, live, { ownerReferences: rest });
    }
    const hasDependents = graph.dependentsOf(uid).size > 0;
    if (owners.waiting.length > 0 && hasDependents) {
      await this.#breakCycle(node, live);
      return await this.#delete(node, { policy: "Foreground" });
    }
    const { resourceVersion } = live.metadata;
    await this.#delete(node, { policy: policyOf(live), resourceVersion });
  }

  /** Takes the owner's references out of its dependents, then lets it go. */
  async orphan(uid: string): Promise<void> {
    const { graph } = this.#options;
    const node = graph.get(uid);
    if (!node?.orphans) return;
    if (!this.#options.isComplete()) throw new Error("Cannot orphan: not every kind is known yet");
    for (const dependent of graph.dependentsOf(uid)) {
      const dependentNode = graph.get(dependent);
      const live = dependentNode && await this.#read(dependentNode);
      if (!live) continue;
      const rest = live.metadata.ownerReferences?.filter((owner) => owner.uid !== uid);
      if (rest?.length === live.metadata.ownerReferences?.length) continue;
      await this.#patch(dependentNode, live, { ownerReferences: rest ?? [] });
    }
    const live = await this.#read(node);
    if (live) await this.#removeFinalizer(node, live, ORPHAN);
  }

  async #tryFinish(node: GraphNode, live: KubeObject): Promise<void> {
    const { graph, enqueue, isComplete } = this.#options;
    const blockers = graph.blockersOf(node.uid);
    if (blockers.length === 0) {
      if (!isComplete()) throw new Error("Cannot finish deletion: not every kind is known yet");
      return await this.#removeFinalizer(node, live, FOREGROUND);
    }
    for (const blocker of blockers) {
      if (!blocker.deleting) enqueue("delete", blocker.uid);
    }
  }

  /** Two objects that wait for each other would wait for ever: our own references stop blocking. */
  async #breakCycle(node: GraphNode, live: KubeObject): Promise<void> {
    const { graph } = this.#options;
    const cycle = Array.from(graph.dependentsOf(node.uid)).some((uid) => graph.get(uid)?.waits);
    if (!cycle) return;
    const ownerReferences = live.metadata.ownerReferences?.map((owner) => ({
      ...owner,
      blockOwnerDeletion: false,
    }));
    await this.#patch(node, live, { ownerReferences });
  }

  async #classify(object: KubeObject): Promise<Owners> {
    const solid: OwnerReference[] = [];
    const dangling: OwnerReference[] = [];
    const waiting: OwnerReference[] = [];
    for (const owner of object.metadata.ownerReferences ?? []) {
      const state = await this.#stateOf(owner, object.metadata.namespace);
      ({ solid, dangling, waiting })[state].push(owner);
    }
    return { solid, dangling, waiting };
  }

  async #stateOf(
    owner: OwnerReference,
    namespace: string | undefined,
  ): Promise<"solid" | "dangling" | "waiting"> {
    const { graph, client, resourceOf } = this.#options;
    if (this.#absent.has(owner.uid)) return "dangling";
    const known = graph.get(owner.uid);
    if (known) return known.waits ? "waiting" : "solid";
    const { group } = groupVersionOf(owner.apiVersion);
    const resource = resourceOf(group, owner.kind);
    if (!resource) throw new Error(`Cannot judge owner: unknown kind "${group}/${owner.kind}"`);
    // A cluster-scoped object cannot have an owner in a namespace: nobody can say where it would be.
    if (resource.namespaced && namespace === undefined) return "solid";
    const ref = { name: owner.name, ...(resource.namespaced && { namespace }) };
    const live = await client.find(resource, ref);
    if (live?.metadata.uid === owner.uid) {
      return isBeingDeleted(live) && hasFinalizer(live, FOREGROUND) ? "waiting" : "solid";
    }
    this.#absent.add(owner.uid);
    if (this.#absent.size > MAX_ABSENT) this.#absent.delete(this.#absent.values().next().value!);
    return "dangling";
  }

  /** The object as the server has it; undefined if it is gone. */
  async #read({ resource, namespace, name, uid }: GraphNode): Promise<KubeObject | undefined> {
    const live = await this.#options.client.find(resource, { namespace, name });
    return live?.metadata.uid === uid ? live : undefined;
  }

  async #delete(
    { resource, namespace, name, uid }: GraphNode,
    { policy, resourceVersion }: { policy: string; resourceVersion?: string | undefined },
  ): Promise<void> {
    // With the version: somebody may be adopting it right now.
    const preconditions = { uid, ...(resourceVersion !== undefined && { resourceVersion }) };
    await this.#options.client.delete(resource, { namespace, name }, {
      preconditions,
      propagationPolicy: policy,
    }).catch(ignoreMissing);
  }

  async #removeFinalizer(node: GraphNode, live: KubeObject, finalizer: string): Promise<void> {
    const finalizers = live.metadata.finalizers?.filter((name) => name !== finalizer) ?? [];
    await this.#patch(node, live, { finalizers });
  }

  async #patch(
    { resource, namespace, name }: GraphNode,
    live: KubeObject,
    change: { ownerReferences?: OwnerReference[] | undefined; finalizers?: string[] },
  ): Promise<void> {
    const { uid, resourceVersion } = live.metadata;
    const metadata = { uid, resourceVersion, ...change };
    await this.#options.client.patch(resource, { namespace, name }, { metadata }, {
      type: "merge",
    }).catch(ignoreMissing);
  }
}

/** An object that was going to be deleted in some way keeps to it. */
function policyOf(object: KubeObject): string {
  if (hasFinalizer(object, ORPHAN)) return "Orphan";
  return hasFinalizer(object, FOREGROUND) ? "Foreground" : "Background";
}

function ignoreMissing(error: unknown): void {
  if (!isStatus(error, "NotFound")) throw error;
}

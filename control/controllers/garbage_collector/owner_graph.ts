import type { KubeObject } from "../../../shared/api/kind.ts";
import { hasFinalizer, isBeingDeleted } from "../../../shared/meta/object_meta.ts";
import type { OwnerReference } from "../../../shared/meta/types.gen.ts";
import type { DiscoveredResource } from "../../../shared/client/discovery.ts";

export const FOREGROUND = "foregroundDeletion";
export const ORPHAN = "orphan";

/** What the collector knows of one object. */
export interface GraphNode {
  readonly uid: string;
  readonly resource: DiscoveredResource;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly owners: readonly OwnerReference[];
  readonly deleting: boolean;
  /** Its foreground deletion waits for its dependents. */
  readonly waits: boolean;
  /** Its deletion first lets its dependents go. */
  readonly orphans: boolean;
}

/** What is to be looked at after a change: `delete` or `orphan` and a UID. */
export interface GraphTask {
  readonly do: "delete" | "orphan";
  readonly uid: string;
}

const noOwners: readonly OwnerReference[] = [];
const none: ReadonlySet<string> = new Set();

/** Who owns what, by UID. Bounded by the number of objects in the cluster. */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** UIDs of the objects that name `uid` as an owner. */
  dependentsOf(uid: string): ReadonlySet<string> {
    return this.#dependents.get(uid) ?? none;
  }

  /** The dependents that keep the owner's foreground deletion waiting. */
  blockersOf(uid: string): readonly GraphNode[] {
    return Array.from(this.dependentsOf(uid), (dependent) => this.#nodes.get(dependent)!)
      .filter(({ owners }) =>
        owners.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true)
      );
  }

  /** Takes in an object as it is now. */
  set(resource: DiscoveredResource, object: KubeObject): readonly GraphTask[] {
    const old = this.#nodes.get(object.metadata.uid ?? "");
    const node = nodeOf(resource, object);
    this.#nodes.set(node.uid, node);
    this.#link(node, old);
    const tasks: GraphTask[] = [];
    const knownOwner = ({ uid }: OwnerReference) => {
      const owner = this.#nodes.get(uid);
      return owner !== undefined && !owner.waits;
    };
    if (node.owners.some((owner) => !knownOwner(owner))) {
      tasks.push({ do: "delete", uid: node.uid });
    }
    if (node.orphans && !old?.orphans) tasks.push({ do: "orphan", uid: node.uid });
    if (node.waits) tasks.push({ do: "delete", uid: node.uid });
    if (node.waits && !old?.waits) {
      for (const uid of this.dependentsOf(node.uid)) tasks.push({ do: "delete", uid });
    }
    return tasks;
  }

  /** Takes an object out: its dependents have lost an owner, its owners wait no longer for it. */
  delete(uid: string): readonly GraphTask[] {
    const node = this.#nodes.get(uid);
    if (!node) return [];
    this.#nodes.delete(uid);
    for (const { uid: owner } of node.owners) this.#unlink(owner, uid);
    const waiting = node.owners.filter((owner) => this.#nodes.get(owner.uid)?.waits);
    return [...this.dependentsOf(uid), ...waiting.map((owner) => owner.uid)]
      .map((next) => ({ do: "delete", uid: next }));
  }

  #link(node: GraphNode, old: GraphNode | undefined): void {
    for (const { uid } of old?.owners ?? noOwners) {
      if (!node.owners.some((owner) => owner.uid === uid)) this.#unlink(uid, node.uid);
    }
    for (const { uid } of node.owners) {
      const dependents = this.#dependents.get(uid);
      if (dependents) dependents.add(node.uid);
      else this.#dependents.set(uid, new Set([node.uid]));
    }
  }

  #unlink(owner: string, dependent: string): void {
    const dependents = this.#dependents.get(owner);
    dependents?.delete(dependent);
    if (dependents?.size === 0) this.#dependents.delete(owner);
  }
}

function nodeOf(resource: DiscoveredResource, object: KubeObject): GraphNode {
  const { uid = "", namespace, name = "", ownerReferences } = object.metadata;
  const deleting = isBeingDeleted(object);
  return {
    uid,
    resource,
    namespace,
    name,
    owners: ownerReferences ?? noOwners,
    deleting,
    waits: deleting && hasFinalizer(object, FOREGROUND),
    orphans: deleting && hasFinalizer(object, ORPHAN),
  };
}

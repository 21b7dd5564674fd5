import type { KubeObject } from "../../shared/api/kind.ts";
import type { NodeGraph } from "../authorization/node_graph.ts";
import type { RbacAuthorizer } from "../authorization/rbac.ts";
import type { ResourceStore } from "../registry/resource_store.ts";
import { decodeStored } from "../registry/stored_object.ts";
import type { WatchSink } from "../storage/cacher/cache.ts";

interface Consumer {
  change(object: KubeObject | undefined, previous?: KubeObject): void;
}

const rbacGroup = "rbac.authorization.k8s.io";

/** Keeps the authorizers' picture of the cluster: everything there is now, then every change as it is committed. */
export async function feedAuthorizers({ rbac, nodes, storeOf }: {
  readonly rbac: RbacAuthorizer;
  readonly nodes: NodeGraph;
  readonly storeOf: (group: string, plural: string) => ResourceStore;
}): Promise<void> {
  const roles = ["roles", "clusterroles", "rolebindings", "clusterrolebindings"];
  for (const plural of roles) await follow(storeOf(rbacGroup, plural), rbac);
  await follow(storeOf("", "pods"), nodes);
  await follow(storeOf("", "persistentvolumes"), nodes);
  await follow(storeOf("storage.k8s.io", "volumeattachments"), nodes);
  await follow(storeOf("resource.k8s.io", "resourceslices"), nodes);
}

async function follow(store: ResourceStore, consumer: Consumer): Promise<void> {
  const sink: WatchSink = {
    events(batch) {
      for (const { type, entry } of batch) {
        const object = decodeStored(entry.value);
        if (type === "DELETED") consumer.change(undefined, object);
        else consumer.change(object);
      }
    },
    bookmark() {},
    // Only when the server stops.
    closed() {},
  };
  await store.cache.watch({}, sink);
}

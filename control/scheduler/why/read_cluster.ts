import type { KubeObject } from "../../../shared/api/kind.ts";
import type { Client } from "../../../shared/client/client.ts";
import type { Resource } from "../../../shared/client/resource.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { isStatus } from "../../../shared/meta/status_error.ts";
import type { ClusterObjects } from "../model/cluster_model.ts";

/** What plugins read besides nodes and pods. */
const others: readonly Resource[] = [
  resources.namespaces,
  resources.services,
  resources.replicationcontrollers,
  resources.replicasets,
  resources.statefulsets,
  resources.persistentvolumeclaims,
  resources.persistentvolumes,
  resources.storageclasses,
  resources.csinodes,
  resources.csidrivers,
  resources.csistoragecapacities,
  resources.volumeattachments,
].map((resource) => resource as unknown as Resource);

/** A cluster as its reader may see it. */
export interface ClusterReading extends ClusterObjects {
  /** Resources that the reader may not list: what depends on them may be judged wrongly. */
  readonly unread: readonly string[];
}

/** Reads all that placement looks at, with the client's own rights. Rejects if nodes or pods cannot be listed. */
export async function readCluster(client: Client): Promise<ClusterReading> {
  const unread: string[] = [];
  const listOf = async (resource: Resource) => {
    try {
      const { items } = await client.list(resource);
      return items.map((item): readonly [Resource, KubeObject] => [resource, item]);
    } catch (error) {
      if (!isStatus(error, "Forbidden")) throw error;
      unread.push(resource.plural);
      return [];
    }
  };
  const [nodes, pods, ...rest] = await Promise.all([
    client.list(resources.nodes),
    client.list(resources.pods),
    ...others.map(listOf),
  ]);
  return {
    nodes: nodes.items,
    pods: pods.items.filter(({ status }) =>
      status?.phase !== "Succeeded" && status?.phase !== "Failed"
    ),
    others: rest.flat(),
    unread: unread.sort(),
  };
}

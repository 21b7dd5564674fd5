import type {
  PersistentVolume,
  PersistentVolumeClaim,
} from "../../../shared/api/core/v1/types.gen.ts";
import type { StorageClass } from "../../../shared/api/storage/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { keyOf } from "../../../shared/meta/object_meta.ts";
import type { NodeInfo } from "../cache/node_info.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import type { PluginArgs } from "../configuration/plugin_args.ts";
import {
  type ClusterEvent,
  type Plugin,
  type PluginHandle,
  skip,
  success,
  unresolvable,
  type Verdict,
} from "../framework.ts";
import {
  claimsOf,
  classOf,
  isBound,
  isReachable,
  type VolumeListers,
  volumeListers,
} from "../volumes/claims.ts";
import {
  assignVolumes,
  canProvision,
  selectedNode,
  suitableVolumes,
} from "../volumes/volume_matching.ts";

const lostVolume = unresolvable(
  "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
);
const unreachable = unresolvable("node(s) didn't match PersistentVolume's node affinity");
const noVolume = unresolvable("node(s) didn't find available persistent volumes to bind");
const unboundImmediate = unresolvable("pod has unbound immediate PersistentVolumeClaims");

/** A claim that waits for a node, with the volumes and the class that could serve it. */
interface Delayed {
  readonly claim: PersistentVolumeClaim;
  readonly suitable: readonly PersistentVolume[];
  readonly storageClass: StorageClass | undefined;
}
interface State {
  /** The volumes of bound claims; undefined where one is lost. */
  readonly volumes: readonly (PersistentVolume | undefined)[];
  readonly delayed: readonly Delayed[];
}
/** What is to be done for a pod before it is bound. */
interface Plan {
  readonly volumes: readonly {
    readonly claim: PersistentVolumeClaim;
    readonly volume: PersistentVolume;
  }[];
  readonly provision: readonly PersistentVolumeClaim[];
}

/**
 * Keeps pods where their volumes are, and binds claims that waited for the pod: to a volume that its node reaches, or by
 * telling the provisioner the node (KEP-490).
 */
export function volumeBinding(
  handle: PluginHandle,
  { VolumeBinding: { bindTimeoutSeconds } }: PluginArgs,
): Plugin<State> {
  const listers = volumeListers(handle);
  const plans = new Map<string, Plan>();
  /** Volumes that are promised to a claim, and not yet seen so. */
  const promised = new Map<string, string>();
  const isTaken = (pod: PodInfo) => (name: string) => (promised.get(name) ?? pod.uid) !== pod.uid;
  return {
    name: "VolumeBinding",
    preFilter(pod) {
      if (pod.claims.length === 0) return skip;
      const claims = claimsOf(pod, listers);
      if (typeof claims === "string") return unresolvable(claims);
      if (claims.immediate.length > 0) return unboundImmediate;
      return { code: "Success", state: stateOf(claims, listers) };
    },
    filter: (pod, node, state) => filter(node, state, isTaken(pod)),
    reserve(pod, node) {
      if (pod.claims.length === 0) return success;
      const claims = claimsOf(pod, listers);
      if (typeof claims === "string") return unresolvable(claims);
      const plan = planFor(stateOf(claims, listers).delayed, node, isTaken(pod));
      if (!plan) return noVolume;
      plans.set(pod.uid, plan);
      for (const { volume } of plan.volumes) promised.set(volume.metadata.name ?? "", pod.uid);
      return success;
    },
    unreserve(pod) {
      forget(pod, plans, promised);
    },
    preBind(pod, node) {
      const plan = plans.get(pod.uid);
      if (!plan || plan.volumes.length + plan.provision.length === 0) {
        forget(pod, plans, promised);
        return undefined;
      }
      const bind = (signal: AbortSignal) => carryOut(plan, { node, handle, signal });
      return handle.within(bindTimeoutSeconds * 1000, bind)
        .catch((error) => {
          const text = error instanceof Error ? error.message : String(error);
          throw new Error(`binding volumes: ${text}`, { cause: error });
        })
        .finally(() => forget(pod, plans, promised));
    },
    wakeOn: { NodeAdd: () => true, NodeLabels: () => true, Storage: concerns },
  };
}

function stateOf(
  claims: {
    readonly bound: readonly PersistentVolumeClaim[];
    readonly delayed: readonly PersistentVolumeClaim[];
  },
  listers: VolumeListers,
): State {
  return {
    volumes: claims.bound.map(({ spec }) => listers.volumes.get(spec?.volumeName ?? "")),
    delayed: claims.delayed.map((claim) => ({
      claim,
      suitable: suitableVolumes(claim, listers.volumes.list()),
      storageClass: classOf(claim, listers),
    })),
  };
}

function filter(node: NodeInfo, state: State, isTaken: (name: string) => boolean): Verdict {
  for (const volume of state.volumes) {
    if (!volume) return lostVolume;
    if (!isReachable(volume, node)) return unreachable;
  }
  if (state.delayed.length === 0) return success;
  return planFor(state.delayed, node, isTaken) ? success : noVolume;
}

/** Undefined if a claim could not be served on the node. */
function planFor(
  delayed: readonly Delayed[],
  node: NodeInfo,
  isTaken: (name: string) => boolean,
): Plan | undefined {
  const volumes: { claim: PersistentVolumeClaim; volume: PersistentVolume }[] = [];
  const provision: PersistentVolumeClaim[] = [];
  const assigned = assignVolumes(delayed, node, isTaken);
  for (const [index, { claim, storageClass }] of delayed.entries()) {
    const volume = assigned[index];
    if (volume) volumes.push({ claim, volume });
    else if (canProvision(claim, storageClass, node)) provision.push(claim);
    else return undefined;
  }
  return { volumes, provision };
}

async function carryOut(
  plan: Plan,
  { node, handle, signal }: {
    readonly node: NodeInfo;
    readonly handle: PluginHandle;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { client } = handle;
  await Promise.all([
    ...plan.volumes.map(({ claim, volume }) => promise(handle, claim, volume)),
    ...plan.provision.map(({ metadata: { namespace, name = "" } }) =>
      client.patch(resources.persistentvolumeclaims, { namespace, name }, {
        metadata: { annotations: { [selectedNode]: node.name } },
      }, { type: "merge" })
    ),
  ]);
  const waiting = [...plan.volumes.map(({ claim }) => claim), ...plan.provision];
  await Promise.all(
    waiting.map((claim) =>
      handle.waitFor(resources.persistentvolumeclaims, keyOf(claim), (now) => {
        if (!now) throw new Error(`persistentvolumeclaim "${claim.metadata.name}" not found`);
        return isBound(now);
      }, signal)
    ),
  );
}

/** Gives a volume to a claim; the volume controller does the rest. */
async function promise(
  { client }: PluginHandle,
  claim: PersistentVolumeClaim,
  volume: PersistentVolume,
): Promise<void> {
  const { name = "", namespace, uid } = claim.metadata;
  await client.patch(resources.persistentvolumes, { name: volume.metadata.name ?? "" }, {
    metadata: {
      resourceVersion: volume.metadata.resourceVersion,
      annotations: { "pv.kubernetes.io/bound-by-controller": "yes" },
    },
    spec: {
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid },
    },
  }, { type: "merge" });
}

function forget(pod: PodInfo, plans: Map<string, Plan>, promised: Map<string, string>): void {
  for (const { volume } of plans.get(pod.uid)?.volumes ?? []) {
    promised.delete(volume.metadata.name ?? "");
  }
  plans.delete(pod.uid);
}

/** Claims of others do not matter; volumes and classes may. */
function concerns(pod: PodInfo, { object }: ClusterEvent): boolean {
  if (object?.kind !== "PersistentVolumeClaim") return true;
  const { namespace, name = "" } = object.metadata;
  return namespace === pod.namespace && pod.claims.includes(name);
}

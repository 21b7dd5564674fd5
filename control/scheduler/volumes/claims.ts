import type {
  NodeSelector,
  PersistentVolume,
  PersistentVolumeClaim,
} from "../../../shared/api/core/v1/types.gen.ts";
import type {
  CSIDriver,
  CSIStorageCapacity,
  StorageClass,
} from "../../../shared/api/storage/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import type { Lister } from "../../../shared/informer/informer.ts";
import { isControlledBy } from "../../../shared/meta/object_meta.ts";
import {
  compileNodeSelector,
  type NodeMatcher,
  type SelectableNode,
} from "../cache/node_selector.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import type { PluginHandle } from "../framework.ts";

/** The local copies that volume plugins read. */
export interface VolumeListers {
  readonly claims: Lister<PersistentVolumeClaim>;
  readonly volumes: Lister<PersistentVolume>;
  readonly classes: Lister<StorageClass>;
  readonly drivers: Lister<CSIDriver>;
  readonly capacities: Lister<CSIStorageCapacity>;
}

/** The claims of a pod by how far their binding is. */
export interface PodClaims {
  readonly bound: readonly PersistentVolumeClaim[];
  /** To be bound to what suits the pod's node. */
  readonly delayed: readonly PersistentVolumeClaim[];
  /** To be bound by themselves, before the pod can be placed. */
  readonly immediate: readonly PersistentVolumeClaim[];
}

const bindCompleted = "pv.kubernetes.io/bind-completed";

export function volumeListers({ lister }: PluginHandle): VolumeListers {
  return {
    claims: lister(resources.persistentvolumeclaims),
    volumes: lister(resources.persistentvolumes),
    classes: lister(resources.storageclasses),
    drivers: lister(resources.csidrivers),
    capacities: lister(resources.csistoragecapacities),
  };
}

/** Whether a claim has its volume, on both sides. */
export function isBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return !!spec?.volumeName && metadata.annotations?.[bindCompleted] !== undefined;
}

/** The name of a claim's class; "" if it has none. */
export function classNameOf({ metadata, spec }: PersistentVolumeClaim): string {
  const legacy = metadata.annotations?.["volume.beta.kubernetes.io/storage-class"];
  return legacy ?? spec?.storageClassName ?? "";
}

/** The class that would provision for a claim, if it is there. */
export function classOf(
  claim: PersistentVolumeClaim,
  { classes }: VolumeListers,
): StorageClass | undefined {
  const name = classNameOf(claim);
  return name === "" ? undefined : classes.get(name);
}

/** The claims of a pod, or why it cannot be placed with them. */
export function claimsOf(pod: PodInfo, listers: VolumeListers): PodClaims | string {
  const bound: PersistentVolumeClaim[] = [];
  const delayed: PersistentVolumeClaim[] = [];
  const immediate: PersistentVolumeClaim[] = [];
  for (const name of pod.claims) {
    const claim = listers.claims.get(`${pod.namespace}/${name}`);
    const problem = problemOf(pod, name, claim);
    if (problem || !claim) return problem ?? "";
    const waits = classOf(claim, listers)?.volumeBindingMode === "WaitForFirstConsumer";
    if (isBound(claim)) bound.push(claim);
    else if (waits && !claim.spec?.volumeName) delayed.push(claim);
    else immediate.push(claim);
  }
  return { bound, delayed, immediate };
}

const matchers = new WeakMap<NodeSelector, NodeMatcher>();

/** Whether a volume can be reached from a node. */
export function isReachable({ spec }: PersistentVolume, node: SelectableNode): boolean {
  const required = spec?.nodeAffinity?.required;
  if (!required) return true;
  let matches = matchers.get(required);
  if (!matches) matchers.set(required, matches = compileNodeSelector(required));
  return matches(node);
}

function problemOf(
  pod: PodInfo,
  name: string,
  claim: PersistentVolumeClaim | undefined,
): string | undefined {
  const isEphemeral = pod.pod.spec?.volumes?.some((volume) =>
    volume.ephemeral && `${pod.name}-${volume.name}` === name
  );
  if (!claim) {
    return isEphemeral
      ? `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
      : `persistentvolumeclaim "${name}" not found`;
  }
  if (claim.status?.phase === "Lost") {
    const volume = claim.spec?.volumeName ?? "";
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${volume}"`;
  }
  if (claim.metadata.deletionTimestamp !== undefined) {
    return `persistentvolumeclaim "${name}" is being deleted`;
  }
  if (isEphemeral && !isControlledBy(claim, pod.pod)) {
    const key = `${pod.namespace}/${name}`;
    return `PVC ${key} was not created for pod ${pod.key} (pod is not owner)`;
  }
}

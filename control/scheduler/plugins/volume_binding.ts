import type {
  PersistentVolume,
  PersistentVolumeClaim,
} from "../../../shared/api/core/v1/types.gen.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { keyOf } from "../../../shared/meta/object_meta.ts";
import type { NodeInfo } from "../cache/node_info.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import { amountOf } from "../cache/resources.ts";
import type { PluginArgs } from "../configuration/plugin_args.ts";
import {
  type ClusterEvent,
  type Plugin,
  type PluginHandle,
  type Rejection,
  skip,
  success,
  unresolvable,
  type Verdict,
} from "../framework.ts";
import { brokenLine } from "../shape.ts";
import {
  claimsOf,
  isBound,
  isReachable,
  type VolumeListers,
  volumeListers,
} from "../volumes/claims.ts";
import { capacityBytes, requestedBytes, selectedNode } from "../volumes/volume_matching.ts";
import {
  type DelayedClaim,
  delayedClaims,
  type Obstacle,
  planVolumes,
  type VolumePlan,
} from "../volumes/volume_plan.ts";

const nothing: VolumePlan = { volumes: [], provision: [] };
const lostVolume = unresolvable(
  "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
);
const unreachable = unresolvable("node(s) didn't match PersistentVolume's node affinity");
const obstacles: Readonly<Record<Obstacle, Rejection>> = {
  "no volume": unresolvable("node(s) didn't find available persistent volumes to bind"),
  "no space": unresolvable("node(s) did not have enough free storage"),
};
const unboundImmediate = unresolvable("pod has unbound immediate PersistentVolumeClaims");

interface State {
  /** The volumes of bound claims; undefined where one is lost. */
  readonly volumes: readonly (PersistentVolume | undefined)[];
  readonly delayed: readonly DelayedClaim[];
}

/**
 * Keeps pods where their volumes are, and binds claims that waited for the pod: to a volume that its node reaches, or by
 * telling the provisioner the node (KEP-490).
 */
export function volumeBinding(
  handle: PluginHandle,
  { VolumeBinding: { bindTimeoutSeconds, shape } }: PluginArgs,
): Plugin<State, readonly DelayedClaim[]> {
  const listers = volumeListers(handle);
  const line = brokenLine(shape);
  const plans = new Map<string, VolumePlan>();
  /** Volumes that are promised to a claim, and not yet seen so. */
  const promised = new Map<string, string>();
  const planFor = (pod: PodInfo, delayed: readonly DelayedClaim[], node: NodeInfo) =>
    planVolumes(delayed, node, {
      isTaken: (name) => (promised.get(name) ?? pod.uid) !== pod.uid,
      listers,
    });
  return {
    name: "VolumeBinding",
    preFilter(pod) {
      if (pod.claims.length === 0) return skip;
      const claims = claimsOf(pod, listers);
      if (typeof claims === "string") return unresolvable(claims);
      if (claims.immediate.length > 0) return unboundImmediate;
      return { code: "Success", state: stateOf(claims, listers) };
    },
    filter(pod, node, { volumes, delayed }) {
      const plan = delayed.length === 0 ? nothing : planFor(pod, delayed, node);
      return filter(node, volumes, plan);
    },
    preScore(pod) {
      if (pod.claims.length === 0) return skip;
      const claims = claimsOf(pod, listers);
      if (typeof claims === "string" || claims.delayed.length === 0) return skip;
      return { code: "Success", state: delayedClaims(claims.delayed, listers) };
    },
    score(pod, node, delayed) {
      const plan = planFor(pod, delayed, node);
      return typeof plan === "string" ? 0 : scoreOf(plan, line);
    },
    reserve(pod, node) {
      if (pod.claims.length === 0) return success;
      const claims = claimsOf(pod, listers);
      if (typeof claims === "string") return unresolvable(claims);
      const plan = planFor(pod, delayedClaims(claims.delayed, listers), node);
      if (typeof plan === "string") return obstacles[plan];
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
    delayed: delayedClaims(claims.delayed, listers),
  };
}

function filter(
  node: NodeInfo,
  volumes: State["volumes"],
  plan: VolumePlan | Obstacle,
): Verdict {
  const reasons: string[] = [];
  // The first volume that is lost or elsewhere is what is reported of those that are bound.
  for (const volume of volumes) {
    const rejection = volume ? isReachable(volume, node) ? undefined : unreachable : lostVolume;
    if (!rejection) continue;
    reasons.push(...rejection.reasons);
    break;
  }
  if (typeof plan === "string") reasons.push(...obstacles[plan].reasons);
  return reasons.length === 0 ? success : unresolvable(...reasons);
}

/** Prefers nodes where the claims fill the least (or, by another shape, the most) of what serves them (KEP-1845). */
function scoreOf(
  { volumes, provision }: VolumePlan,
  line: (utilization: number) => number,
): number {
  const classes = new Map<string, { requested: number; capacity: number }>();
  const of = (name: string) => {
    let known = classes.get(name);
    if (!known) classes.set(name, known = { requested: 0, capacity: 0 });
    return known;
  };
  for (const { claim, volume } of volumes) {
    const own = of(volume.spec?.storageClassName ?? "");
    own.requested += requestedBytes(claim);
    own.capacity += capacityBytes(volume);
  }
  for (const { claim, capacity } of volumes.length > 0 ? [] : provision) {
    if (!capacity) continue;
    const own = of(claim.spec?.storageClassName ?? "");
    own.requested += requestedBytes(claim);
    own.capacity = amountOf("storage", capacity.capacity ?? "0");
  }
  if (classes.size === 0) return 0;
  let sum = 0;
  for (const { requested, capacity } of classes.values()) {
    const isOver = capacity === 0 || requested > capacity;
    sum += line(isOver ? 100 : Math.trunc(requested * 100 / capacity));
  }
  return Math.round(sum / classes.size);
}

async function carryOut(
  plan: VolumePlan,
  { node, handle, signal }: {
    readonly node: NodeInfo;
    readonly handle: PluginHandle;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { client } = handle;
  await Promise.all([
    ...plan.volumes.map(({ claim, volume }) => promise(handle, claim, volume)),
    ...plan.provision.map(({ claim: { metadata: { namespace, name = "" } } }) =>
      client.patch(resources.persistentvolumeclaims, { namespace, name }, {
        metadata: { annotations: { [selectedNode]: node.name } },
      }, { type: "merge" })
    ),
  ]);
  const waiting = [...plan.volumes, ...plan.provision].map(({ claim }) => claim);
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

function forget(pod: PodInfo, plans: Map<string, VolumePlan>, promised: Map<string, string>): void {
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

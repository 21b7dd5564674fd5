import type {
  PersistentVolume,
  PersistentVolumeClaim,
} from "../../../shared/api/core/v1/types.gen.ts";
import type { CSIStorageCapacity, StorageClass } from "../../../shared/api/storage/v1/types.gen.ts";
import { fromLabelSelector } from "../../../shared/meta/labels.ts";
import type { SelectableNode } from "../cache/node_selector.ts";
import { amountOf } from "../cache/resources.ts";
import { classOf, type VolumeListers } from "./claims.ts";
import { assignVolumes, requestedBytes, selectedNode, suitableVolumes } from "./volume_matching.ts";

/** A claim that waits for a node, with the volumes and the class that could serve it. */
export interface DelayedClaim {
  readonly claim: PersistentVolumeClaim;
  readonly suitable: readonly PersistentVolume[];
  readonly storageClass: StorageClass | undefined;
}

/** What is to be done for a pod's claims before it is bound. */
export interface VolumePlan {
  readonly volumes: readonly {
    readonly claim: PersistentVolumeClaim;
    readonly volume: PersistentVolume;
  }[];
  readonly provision: readonly {
    readonly claim: PersistentVolumeClaim;
    /** Where the room for it was found, if its driver says how much there is (KEP-1472). */
    readonly capacity: CSIStorageCapacity | undefined;
  }[];
}

/** Why a pod's claims cannot be served on a node. */
export type Obstacle = "no volume" | "no space";

/** Claims as they are matched: the smallest first. */
export function delayedClaims(
  claims: readonly PersistentVolumeClaim[],
  listers: VolumeListers,
): readonly DelayedClaim[] {
  return [...claims]
    .sort((a, b) => requestedBytes(a) - requestedBytes(b))
    .map((claim) => ({
      claim,
      suitable: suitableVolumes(claim, listers.volumes.list()),
      storageClass: classOf(claim, listers),
    }));
}

/** How `claims` would be served on a node: by volumes there are, else by new ones (KEP-490). */
export function planVolumes(
  claims: readonly DelayedClaim[],
  node: SelectableNode,
  { isTaken, listers }: {
    /** Whether a volume is promised to somebody else. */
    readonly isTaken: (name: string) => boolean;
    readonly listers: VolumeListers;
  },
): VolumePlan | Obstacle {
  const selected = claims.filter(({ claim }) => selectionOf(claim) !== undefined);
  if (selected.some(({ claim }) => selectionOf(claim) !== node.name)) return "no volume";
  const open = claims.filter((claim) => !selected.includes(claim));
  const assigned = assignVolumes(open, node, isTaken);
  const volumes = open.flatMap(({ claim }, index) => {
    const volume = assigned[index];
    return volume ? [{ claim, volume }] : [];
  });
  const provision: VolumePlan["provision"][number][] = [];
  for (const delayed of [...selected, ...open.filter((_, index) => !assigned[index])]) {
    if (!canProvision(delayed.storageClass, node)) return "no volume";
    const capacity = capacityFor(delayed, node, listers);
    if (capacity === "no space") return "no space";
    provision.push({ claim: delayed.claim, capacity });
  }
  return { volumes, provision };
}

function selectionOf({ metadata }: PersistentVolumeClaim): string | undefined {
  return metadata.annotations?.[selectedNode];
}

/** Whether a class can make a volume for a pod on a node. */
function canProvision(storageClass: StorageClass | undefined, node: SelectableNode): boolean {
  if (!storageClass || storageClass.provisioner === "kubernetes.io/no-provisioner") return false;
  const terms = storageClass.allowedTopologies ?? [];
  return terms.length === 0 ||
    terms.some(({ matchLabelExpressions = [] }) =>
      matchLabelExpressions.every(({ key, values }) => values.includes(node.labels[key] ?? ""))
    );
}

/** The room for a new volume; undefined if the driver does not say how much there is. */
function capacityFor(
  { claim, storageClass }: DelayedClaim,
  node: SelectableNode,
  { drivers, capacities }: VolumeListers,
): CSIStorageCapacity | undefined | "no space" {
  if (claim.spec?.resources?.requests?.["storage"] === undefined) return undefined;
  if (!drivers.get(storageClass!.provisioner)?.spec?.storageCapacity) return undefined;
  const wanted = requestedBytes(claim);
  return capacities.list().find((capacity) => {
    const { storageClassName, nodeTopology, maximumVolumeSize, capacity: free } = capacity;
    const limit = maximumVolumeSize ?? free;
    return storageClassName === storageClass!.metadata.name && limit !== undefined &&
      amountOf("storage", limit) >= wanted && nodeTopology !== undefined &&
      fromLabelSelector(nodeTopology).matches(node.labels);
  }) ?? "no space";
}

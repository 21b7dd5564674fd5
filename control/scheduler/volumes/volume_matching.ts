import type {
  PersistentVolume,
  PersistentVolumeClaim,
} from "../../../shared/api/core/v1/types.gen.ts";
import type { StorageClass } from "../../../shared/api/storage/v1/types.gen.ts";
import { fromLabelSelector, matchEverything } from "../../../shared/meta/labels.ts";
import type { SelectableNode } from "../cache/node_selector.ts";
import { amountOf } from "../cache/resources.ts";
import { isReachable } from "./claims.ts";

/** Volumes that could serve a claim wherever they are, the best first: made for it, else the smallest. */
export function suitableVolumes(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
): readonly PersistentVolume[] {
  return volumes
    .filter((volume) => isSuitable(volume, claim))
    .sort((a, b) =>
      Number(isMadeFor(b, claim)) - Number(isMadeFor(a, claim)) || sizeOf(a) - sizeOf(b)
    );
}

/** The volume for each claim that a node can reach, none used twice; undefined for a claim that has none. */
export function assignVolumes(
  claims: readonly { readonly suitable: readonly PersistentVolume[] }[],
  node: SelectableNode,
  isTaken: (name: string) => boolean,
): readonly (PersistentVolume | undefined)[] {
  const used = new Set<PersistentVolume>();
  return claims.map(({ suitable }) => {
    const volume = suitable.find((candidate) =>
      !used.has(candidate) && !isTaken(candidate.metadata.name ?? "") &&
      isReachable(candidate, node)
    );
    if (volume) used.add(volume);
    return volume;
  });
}

/** Whether a class can make a volume for a pod on a node. */
export function canProvision(
  claim: PersistentVolumeClaim,
  storageClass: StorageClass | undefined,
  node: SelectableNode,
): boolean {
  const selected = claim.metadata.annotations?.[selectedNode];
  if (selected !== undefined && selected !== node.name) return false;
  if (!storageClass || storageClass.provisioner === "kubernetes.io/no-provisioner") return false;
  const terms = storageClass.allowedTopologies ?? [];
  return terms.length === 0 ||
    terms.some(({ matchLabelExpressions = [] }) =>
      matchLabelExpressions.every(({ key, values }) => values.includes(node.labels[key] ?? ""))
    );
}

/** Tells a provisioner which node a claim's volume is for. */
export const selectedNode = "volume.kubernetes.io/selected-node";

function isSuitable(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { metadata, spec, status } = volume;
  const wanted = claim.spec;
  if (spec?.claimRef) return isMadeFor(volume, claim);
  if (status?.phase !== "Available" || metadata.deletionTimestamp !== undefined) return false;
  if ((spec?.storageClassName ?? "") !== (wanted?.storageClassName ?? "")) return false;
  if ((spec?.volumeMode ?? "Filesystem") !== (wanted?.volumeMode ?? "Filesystem")) return false;
  const modes = wanted?.accessModes ?? [];
  if (!modes.every((mode) => spec?.accessModes?.includes(mode))) return false;
  if (sizeOf(volume) < amountOf("storage", wanted?.resources?.requests?.["storage"] ?? "0")) {
    return false;
  }
  const selector = wanted?.selector ? fromLabelSelector(wanted.selector) : matchEverything;
  return selector.matches(metadata.labels);
}

function isMadeFor({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const ref = spec?.claimRef;
  return ref !== undefined && ref.name === metadata.name && ref.namespace === metadata.namespace &&
    (!ref.uid || ref.uid === metadata.uid);
}

function sizeOf({ spec }: PersistentVolume): number {
  return amountOf("storage", spec?.capacity?.["storage"] ?? "0");
}

import type {
  PersistentVolume,
  PersistentVolumeClaim,
} from "../../../shared/api/core/v1/types.gen.ts";
import { fromLabelSelector, matchEverything } from "../../../shared/meta/labels.ts";
import type { SelectableNode } from "../cache/node_selector.ts";
import { amountOf } from "../cache/resources.ts";
import { classNameOf, isReachable } from "./claims.ts";

/** Tells a provisioner which node a claim's volume is for. */
export const selectedNode = "volume.kubernetes.io/selected-node";

/** What a claim asks for, in bytes. */
export function requestedBytes({ spec }: PersistentVolumeClaim): number {
  return amountOf("storage", spec?.resources?.requests?.["storage"] ?? "0");
}

/** What a volume holds, in bytes. */
export function capacityBytes({ spec }: PersistentVolume): number {
  return amountOf("storage", spec?.capacity?.["storage"] ?? "0");
}

/** Volumes that could serve a claim wherever they are, the best first: made for it, else the smallest. */
export function suitableVolumes(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
): readonly PersistentVolume[] {
  return volumes
    .filter((volume) => isSuitable(volume, claim))
    .sort((a, b) =>
      Number(isMadeFor(b, claim)) - Number(isMadeFor(a, claim)) ||
      capacityBytes(a) - capacityBytes(b)
    );
}

/** The volume for each claim that a node can reach, none used twice; undefined for a claim that has none. */
export function assignVolumes(
  claims: readonly {
    readonly claim: PersistentVolumeClaim;
    readonly suitable: readonly PersistentVolume[];
  }[],
  node: SelectableNode,
  isTaken: (name: string) => boolean,
): readonly (PersistentVolume | undefined)[] {
  const used = new Set<PersistentVolume>();
  return claims.map(({ claim, suitable }) => {
    const [best] = suitable;
    // Nothing else will do for a claim that has its volume already, if that is out of reach.
    const candidates = best && isMadeFor(best, claim) ? [best] : suitable;
    const volume = candidates.find((candidate) =>
      !used.has(candidate) && !isTaken(candidate.metadata.name ?? "") &&
      isReachable(candidate, node)
    );
    if (volume) used.add(volume);
    return volume;
  });
}

/** As KEP-490 and the volume controller see it; where a volume is does not matter here. */
function isSuitable(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { metadata, spec, status } = volume;
  const wanted = claim.spec;
  const isOwn = isMadeFor(volume, claim);
  if (spec?.claimRef && !isOwn) return false;
  // The scheduler finds volumes by their class.
  if (classNameOfVolume(volume) !== classNameOf(claim)) return false;
  if (capacityBytes(volume) < requestedBytes(claim)) return false;
  if ((spec?.volumeMode ?? "Filesystem") !== (wanted?.volumeMode ?? "Filesystem")) return false;
  const attributes = spec?.volumeAttributesClassName ?? "";
  if (attributes !== (wanted?.volumeAttributesClassName ?? "")) return false;
  if (metadata.deletionTimestamp !== undefined) return false;
  if (isOwn) return true;
  if (status?.phase !== "Available") return false;
  const modes = wanted?.accessModes ?? [];
  if (!modes.every((mode) => spec?.accessModes?.includes(mode))) return false;
  const selector = wanted?.selector ? fromLabelSelector(wanted.selector) : matchEverything;
  return selector.matches(metadata.labels);
}

function classNameOfVolume({ metadata, spec }: PersistentVolume): string {
  const legacy = metadata.annotations?.["volume.beta.kubernetes.io/storage-class"];
  return legacy ?? spec?.storageClassName ?? "";
}

function isMadeFor({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const ref = spec?.claimRef;
  return ref !== undefined && ref.name === metadata.name && ref.namespace === metadata.namespace &&
    (!ref.uid || ref.uid === metadata.uid);
}

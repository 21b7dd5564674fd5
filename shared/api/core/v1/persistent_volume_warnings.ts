import { fractionWarnings } from "./fraction_warnings.ts";
import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeSpec } from "./types.gen.ts";

const CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class";
const useField = 'deprecated since v1.8; use "storageClassName" attribute instead';
/** Volume types whose drivers have left the core. */
const deprecatedSources: readonly (readonly [keyof PersistentVolumeSpec, string])[] = [
  ["photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["storageos", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["rbd", "deprecated in v1.28, non-functional in v1.31+"],
  ["cephfs", "deprecated in v1.28, non-functional in v1.31+"],
];

/** What is deprecated or odd about a volume, though allowed. */
export function persistentVolumeWarnings(obj: PersistentVolume): readonly string[] {
  const spec = obj.spec ?? {};
  const warnings: string[] = [];
  if (obj.metadata.annotations?.[CLASS_ANNOTATION] !== undefined) {
    warnings.push(`metadata.annotations[${CLASS_ANNOTATION}]: ${useField}`);
  }
  if (obj.metadata.annotations?.["volume.beta.kubernetes.io/mount-options"] !== undefined) {
    warnings.push(
      'metadata.annotations[volume.beta.kubernetes.io/mount-options]: deprecated since v1.31; use "mountOptions" attribute instead',
    );
  }
  if (spec.persistentVolumeReclaimPolicy === "Recycle") {
    warnings.push(
      "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.",
    );
  }
  for (const [field, text] of deprecatedSources) {
    if (spec[field] !== undefined) warnings.push(`spec.${field}: ${text}`);
  }
  if (spec.capacity?.storage !== undefined) {
    warnings.push(...fractionWarnings(spec.capacity.storage, "spec.capacity[storage]"));
  }
  return warnings;
}

/** What is deprecated or odd about a claim, though allowed. */
export function persistentVolumeClaimWarnings(obj: PersistentVolumeClaim): readonly string[] {
  const { requests = {}, limits = {} } = obj.spec?.resources ?? {};
  const warnings: string[] = [];
  if (obj.metadata.annotations?.[CLASS_ANNOTATION] !== undefined) {
    warnings.push(`metadata.annotations[${CLASS_ANNOTATION}]: ${useField}`);
  }
  if (requests.storage !== undefined) {
    warnings.push(...fractionWarnings(requests.storage, "spec.resources.requests[storage]"));
  }
  if (limits.storage !== undefined) {
    warnings.push(...fractionWarnings(limits.storage, "spec.resources.limits[storage]"));
  }
  return warnings;
}

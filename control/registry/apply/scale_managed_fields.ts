import type { ManagedFieldsEntry } from "../../../shared/meta/types.gen.ts";
import { difference, fieldSet, has, isEmpty, type Path } from "./field_set.ts";
import { decodeOwners, encodeOwners, type Owner } from "./owners.ts";

/** How the `scale` subresource of a kind relates to its replicas. */
export interface ScaleOwnership {
  /** The version of the main resource through which scale was written. */
  readonly apiVersion: string;
  /**
   * The replicas field of the main resource in one of its versions, e.g. `["f:spec", "f:replicas"]`; undefined if
   * that version has no scale; null for a version that is not served any more.
   */
  replicasAt(apiVersion: string): Path | undefined | null;
}

const scaleVersion = "autoscaling/v1";
const scaleReplicas: Path = ["f:spec", "f:replicas"];

/**
 * The entries of the Scale object that a write to `scale` starts from: who owns the replicas of the main resource
 * (KEP-2164).
 */
export function scaleEntries(
  parent: readonly ManagedFieldsEntry[] | undefined,
  scale: ScaleOwnership,
): ManagedFieldsEntry[] | undefined {
  const owners = decodeStored(parent).filter((owner) => ownsReplicas(owner, scale))
    .map((owner) => ({ ...owner, apiVersion: scaleVersion, fields: fieldSet(scaleReplicas) }));
  return encodeOwners(owners);
}

/**
 * The entries of the main resource after a write to `scale`, from those before it and those of the written Scale
 * object: whoever lost the replicas there loses them here, a new owner owns them through `scale`.
 */
export function parentEntries(
  parent: readonly ManagedFieldsEntry[] | undefined,
  written: readonly ManagedFieldsEntry[] | undefined,
  scale: ScaleOwnership,
): ManagedFieldsEntry[] | undefined {
  const before = decodeStored(parent);
  const left = new Set(decodeStored(written));
  const owners: Owner[] = [];
  for (const owner of before) {
    const path = scale.replicasAt(owner.apiVersion);
    if (path === null) continue;
    const entry = [...left].find((other) => isSameScaleOwner(owner, other));
    if (path === undefined || !has(owner.fields, path)) {
      owners.push(owner);
    } else if (entry) {
      left.delete(entry);
      owners.push(owner);
    } else {
      const fields = difference(owner.fields, fieldSet(path));
      if (!isEmpty(fields)) owners.push({ ...owner, fields });
    }
  }
  const path = scale.replicasAt(scale.apiVersion);
  for (const owner of left) {
    if (!path || !has(owner.fields, scaleReplicas)) continue;
    // As in the reference, an owner that is new to the main resource has no time.
    owners.push({
      ...owner,
      time: undefined,
      apiVersion: scale.apiVersion,
      fields: fieldSet(path),
    });
  }
  return encodeOwners(owners);
}

/** Whether an owner of the main resource and one of the Scale object are the same, whose versions always differ. */
function isSameScaleOwner(owner: Owner, other: Owner): boolean {
  return owner.manager === other.manager && owner.operation === other.operation &&
    owner.subresource === other.subresource;
}

function ownsReplicas(owner: Owner, scale: ScaleOwnership): boolean {
  const path = scale.replicasAt(owner.apiVersion);
  return path ? has(owner.fields, path) : false;
}

function decodeStored(entries: readonly ManagedFieldsEntry[] = []): Owner[] {
  return decodeOwners(entries, { stored: entries });
}

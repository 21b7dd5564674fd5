import type { KubeObject, OtherVersion } from "../../../shared/api/kind.ts";
import type { StructNode } from "../../../shared/schema/schema.ts";
import {
  difference,
  type FieldSet,
  fieldSet,
  isEmpty,
  recursiveDifference,
  union,
} from "./field_set.ts";
import { identityOf, isSameOwner, type Owner } from "./owners.ts";
import { compareFields, type Comparison } from "./typed_fields.ts";

/** What is the same for every step of one write. */
export interface FieldWrite {
  /** Of the version of the request. */
  readonly schema: StructNode;
  readonly apiVersion: string;
  /** Empty for the resource itself. */
  readonly subresource: string;
  /** Who writes; empty means `unknown`. */
  readonly manager: string;
  /** The time of the request, as a `metav1.Time`. */
  readonly now: string;
  /**
   * What this endpoint will reset, and so nobody can come to own through it: `status` on the resource itself, `spec`
   * on `status`. Counts with all that lies below.
   */
  readonly resetFields?: FieldSet | undefined;
  /**
   * The other versions of the kind; undefined for one that is not served any more, whose owners are dropped.
   * Needed only for kinds with several versions.
   */
  versions?(apiVersion: string): OtherVersion | undefined;
}

/** The change of an object as a version sees it; undefined if the kind does not have the version. */
export type ChangeAt = (apiVersion: string) => Comparison | undefined;

/** Compares two objects of the request's version, and in other versions when asked. */
export function changeByVersion(write: FieldWrite, old: KubeObject, object: KubeObject): ChangeAt {
  const known = new Map<string, Comparison>();
  return (apiVersion) => {
    const cached = known.get(apiVersion);
    if (cached) return cached;
    const version = versionAt(write, apiVersion);
    if (!version) return undefined;
    const change = compareFields(version.convert(old), version.convert(object), version.schema);
    const visible = filterChange(change, write.resetFields);
    known.set(apiVersion, visible);
    return visible;
  };
}

/** The named version of the kind, the request's included. */
export function versionAt(write: FieldWrite, apiVersion: string): OtherVersion | undefined {
  if (apiVersion !== write.apiVersion) return write.versions?.(apiVersion);
  return { schema: write.schema, convert: same, restore: same };
}

function same(object: KubeObject): KubeObject {
  return object;
}

function filterChange(change: Comparison, reset: FieldSet | undefined): Comparison {
  if (reset === undefined) return change;
  return {
    added: recursiveDifference(change.added, reset),
    removed: recursiveDifference(change.removed, reset),
    modified: recursiveDifference(change.modified, reset),
  };
}

/** The owners after a change by somebody else: they lose what changed, and go when they have nothing left. */
export function withoutChanged(owners: readonly Owner[], changeAt: ChangeAt): readonly Owner[] {
  const left: Owner[] = [];
  let changed = false;
  for (const owner of owners) {
    const fields = fieldsLeft(owner, changeAt);
    if (fields !== owner.fields) changed = true;
    if (isEmpty(fields)) changed = true;
    else left.push(fields === owner.fields ? owner : { ...owner, fields });
  }
  return changed ? left : owners;
}

function fieldsLeft(owner: Owner, changeAt: ChangeAt): FieldSet {
  const change = changeAt(owner.apiVersion);
  if (!change) return {};
  return difference(
    difference(difference(owner.fields, change.modified), change.added),
    change.removed,
  );
}

/**
 * The owners after a write by update: `old` (the zero object for a create) became `object`. The writer owns what it
 * changed; the time of its entry moves only then.
 */
export function ownersAfterUpdate(
  owners: readonly Owner[],
  write: FieldWrite,
  objects: { readonly old: KubeObject; readonly object: KubeObject },
): readonly Owner[] {
  const changeAt = changeByVersion(write, objects.old, objects.object);
  const left = withoutChanged(owners, changeAt);
  const change = changeAt(write.apiVersion)!;
  const mine = difference(union(change.modified, change.added), unownedFields);
  if (isEmpty(mine)) return left;
  const writer: Owner = {
    manager: write.manager || "unknown",
    operation: "Update",
    apiVersion: write.apiVersion,
    subresource: write.subresource,
    time: write.now,
    fields: mine,
  };
  const previous = left.find((owner) => isSameOwner(owner, writer));
  if (!previous) return [...left, writer];
  const joined = { ...writer, fields: union(mine, previous.fields) };
  return left.map((owner) => owner === previous ? joined : owner);
}

/** What no entry ever lists: the identity of the object and what the server keeps. */
export const unownedFields: FieldSet = fieldSet(
  ["f:apiVersion"],
  ["f:kind"],
  ["f:metadata"],
  ...[
    "clusterName",
    "creationTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
  ].map((name) => ["f:metadata", `f:${name}`]),
);

/** The object without its entries, which are not fields of their own. Shares all else. */
export function withoutManagedFields(object: KubeObject): KubeObject {
  if (object.metadata?.managedFields === undefined) return object;
  return { ...object, metadata: { ...object.metadata, managedFields: undefined } };
}

/** Owners in the order in which messages list them. */
export function byIdentity(a: Owner, b: Owner): number {
  const x = identityOf(a);
  const y = identityOf(b);
  return x < y ? -1 : x > y ? 1 : 0;
}

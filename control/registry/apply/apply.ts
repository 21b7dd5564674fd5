import type { KubeObject } from "../../../shared/api/kind.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import { type Conflict, conflictError, conflictsBeyond } from "./conflicts.ts";
import { emptyObject } from "./empty_object.ts";
import {
  difference,
  emptyFieldSet,
  intersection,
  isEmpty,
  recursiveDifference,
  union,
} from "./field_set.ts";
import {
  byIdentity,
  type ChangeAt,
  changeByVersion,
  type FieldWrite,
  ownersAfterUpdate,
  unownedFields,
  versionAt,
  withoutChanged,
  withoutManagedFields,
} from "./field_write.ts";
import { clientSideApplier, fieldsOfLastApplied, updateLastApplied } from "./last_applied.ts";
import { mergeObjects } from "./merge.ts";
import { decodeOwners, encodeOwners, isSameOwner, type Owner } from "./owners.ts";
import { prune } from "./prune.ts";
import { toFieldSet } from "./typed_fields.ts";
import { typeErrors } from "./typed_validation.ts";
import { copyJson, deepEqual } from "./typed_value.ts";

export interface ApplyOptions extends FieldWrite {
  /** The stored object in the version of the request; undefined if the apply creates it. Not changed. */
  readonly live: KubeObject | undefined;
  /** The configuration as it was sent: neither defaulted nor decoded by the schema. Not changed. */
  readonly applied: KubeObject;
  /** The kind of the endpoint; the configuration must be of it. */
  readonly kind: string;
  /** Takes fields from other owners instead of refusing. */
  readonly force: boolean;
}

/**
 * Server-side apply (KEP-555): the live object with the configuration laid over it, without what the manager applied
 * before and does not now, and with `metadata.managedFields` as it is to be stored. The result shares nothing with the
 * arguments but the sets in the entries, and is raw JSON: nulls and unlike forms are in it as they were sent, so the
 * registry decodes and defaults it as it does a request body. Defaults come to belong to nobody.
 *
 * Throws StatusError: 400 for another type or for entries in the configuration, 409 with every conflict, 500 without
 * a reason for a configuration that is not of its type, all with the reference's words.
 */
export function applyObject(options: ApplyOptions): { object: KubeObject } {
  const { applied, live } = options;
  checkConfiguration(options);
  const { object, owners } = live
    ? applyTo(withoutManagedFields(live), liveOwners(live, options), options)
    : { object: copyJson(applied), owners: withApplier([], applierOf(options)) };
  setManagedFields(object, owners);
  if (options.manager === clientSideApplier) updateLastApplied(object, applied);
  return { object };
}

/** Applies, and takes what client-side apply left behind if only that is in the way. */
function applyTo(base: KubeObject, owners: readonly Owner[], options: ApplyOptions): Outcome {
  const outcome = attempt(base, owners, options);
  if (!outcome.conflicts) return outcome;
  const allowed = options.manager === clientSideApplier
    ? fieldsOfLastApplied(base, options.schema)
    : emptyFieldSet;
  const conflicts = conflictsBeyond(outcome.conflicts, allowed);
  if (conflicts.length > 0) throw conflictError(conflicts);
  return attempt(base, owners, { ...options, force: true }) as Outcome;
}

interface Outcome {
  readonly object: KubeObject;
  readonly owners: readonly Owner[];
  readonly conflicts?: undefined;
}

function checkConfiguration({ applied, apiVersion, kind, schema }: ApplyOptions): void {
  const type = groupVersionKind(applied);
  if (type !== groupVersionKind({ apiVersion, kind })) {
    throw new StatusError("BadRequest", `invalid object type: ${type}`);
  }
  if (Array.isArray(applied.metadata?.managedFields)) {
    throw new StatusError("BadRequest", "metadata.managedFields must be nil");
  }
  const problem = typeErrors(applied, schema);
  if (problem !== undefined) {
    const name = `${text(applied.metadata?.namespace)}/${text(applied.metadata?.name)}`;
    throw new StatusError(
      "",
      `failed to create typed patch object (${name}; ${type}): ${problem}`,
    );
  }
}

/** As Go prints a GroupVersionKind. */
function groupVersionKind(
  object: { readonly apiVersion?: unknown; readonly kind?: unknown },
): string {
  const version = text(object.apiVersion);
  const kind = `, Kind=${text(object.kind)}`;
  return (version.includes("/") ? version : `/${version}`) + kind;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function setManagedFields(object: KubeObject, owners: readonly Owner[]): void {
  const entries = encodeOwners(owners);
  object.metadata ??= {};
  if (entries) object.metadata.managedFields = entries;
  else delete object.metadata.managedFields;
}

/** The owners before the apply. What was never tracked belongs to `before-first-apply`. */
function liveOwners(live: KubeObject, options: ApplyOptions): readonly Owner[] {
  const entries = live.metadata.managedFields ?? [];
  const owners = decodeOwners(entries, {
    stored: entries,
    schemaAt: (apiVersion) => versionAt(options, apiVersion)?.schema,
  });
  if (owners.length > 0) return owners;
  return ownersAfterUpdate([], { ...options, manager: "before-first-apply" }, {
    old: emptyObject(options.schema) as unknown as KubeObject,
    object: withoutManagedFields(live),
  });
}

function applierOf(options: ApplyOptions): Owner {
  const { applied, schema, resetFields } = options;
  return {
    manager: options.manager || "unknown",
    operation: "Apply",
    apiVersion: options.apiVersion,
    subresource: options.subresource,
    time: options.now,
    fields: recursiveDifference(toFieldSet(applied, schema), resetFields ?? emptyFieldSet),
  };
}

/** The owners with the applier among them, if it owns anything that can be owned. */
function withApplier(owners: readonly Owner[], applier: Owner): readonly Owner[] {
  const fields = difference(applier.fields, unownedFields);
  return isEmpty(fields) ? owners : [...owners, { ...applier, fields }];
}

function attempt(
  base: KubeObject,
  owners: readonly Owner[],
  options: ApplyOptions,
): Outcome | { readonly conflicts: readonly Conflict[] } {
  const applier = applierOf(options);
  const last = owners.find((owner) => isSameOwner(owner, applier));
  const others = owners.filter((owner) => owner !== last);
  const merged = mergeObjects(base, options.applied, options.schema);
  const object = prune(merged, { last, owners: [...others, applier], write: options });
  const changeAt = changeByVersion(options, base, object);
  const conflicts = options.force ? [] : conflictsOf(others, changeAt);
  if (conflicts.length > 0) return { conflicts };
  // An apply that changes nothing leaves the time of its entry, or a new entry without one.
  const time = deepEqual(base, object) ? last?.time : options.now;
  return { object, owners: withApplier(withoutChanged(others, changeAt), { ...applier, time }) };
}

function conflictsOf(others: readonly Owner[], changeAt: ChangeAt): Conflict[] {
  return others.toSorted(byIdentity).flatMap((owner) => {
    const change = changeAt(owner.apiVersion);
    if (!change) return [];
    const fields = intersection(owner.fields, union(change.modified, change.added));
    return isEmpty(fields) ? [] : [{ owner, fields }];
  });
}

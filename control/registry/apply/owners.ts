import type { ManagedFieldsEntry } from "../../../shared/meta/types.gen.ts";
import type { SchemaNode } from "../../../shared/schema/schema.ts";
import { decodeFieldSet, type FieldSet, union } from "./field_set.ts";
import { compareText } from "./path_element.ts";
import { reconcileWithSchema } from "./schema_migration.ts";
import { deepEqual } from "./typed_value.ts";

/** An entry of `metadata.managedFields`: who set which fields, how, and through what. Immutable. */
export interface Owner {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  /** Empty for the resource itself. */
  readonly subresource: string;
  /** A `metav1.Time`; absent if the entry never changed the object. */
  readonly time: string | undefined;
  readonly fields: FieldSet;
}

export interface DecodeOptions {
  /** Entries of the stored object, whose sets are known to be good. */
  readonly stored?: readonly ManagedFieldsEntry[] | undefined;
  /** The schema of a version; undefined if the kind does not have it any more. */
  schemaAt?(apiVersion: string): SchemaNode | undefined;
}

/** The owners that entries name. Throws TypeError, with the reference's message, for an invalid entry. */
export function decodeOwners(
  entries: readonly ManagedFieldsEntry[],
  options: DecodeOptions = {},
): Owner[] {
  const owners: Owner[] = [];
  for (const [i, entry] of entries.entries()) {
    const owner = decodeOwner(entry, i, options);
    const same = owners.findIndex((other) => isSameOwner(other, owner));
    if (same < 0) owners.push(owner);
    else owners[same] = owner;
  }
  return owners;
}

function decodeOwner(entry: ManagedFieldsEntry, index: number, options: DecodeOptions): Owner {
  const { operation, apiVersion, fieldsType } = entry;
  if (operation !== "Apply" && operation !== "Update") {
    throw new TypeError("operation must be `Apply` or `Update`");
  }
  if (!apiVersion) throw new TypeError("apiVersion must not be empty");
  if (!fieldsType) throw new TypeError(`missing fieldsType in managed fields entry ${index}`);
  if (fieldsType !== "FieldsV1") {
    throw new TypeError(
      `invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`,
    );
  }
  return {
    manager: entry.manager ?? "",
    operation,
    apiVersion,
    subresource: entry.subresource ?? "",
    time: entry.time ?? undefined,
    fields: decodeFields(entry, index, options),
  };
}

function decodeFields(entry: ManagedFieldsEntry, index: number, options: DecodeOptions): FieldSet {
  const stored = options.stored?.[index]?.fieldsV1;
  const isStored = stored !== undefined && deepEqual(stored, entry.fieldsV1);
  const fields = isStored ? stored as FieldSet : decodeFieldSet(entry.fieldsV1);
  const schema = options.schemaAt?.(entry.apiVersion!);
  // Built-in types do not change under stored objects; custom ones do.
  const mayBeOutdated = schema?.type === "struct" && (!isStored || schema.goType === "");
  return mayBeOutdated ? reconcileWithSchema(fields, schema) : fields;
}

/** The entries of the owners, sorted as the API shows them; undefined if there is none. */
export function encodeOwners(owners: readonly Owner[]): ManagedFieldsEntry[] | undefined {
  if (owners.length === 0) return undefined;
  return owners.toSorted(compareOwners).map((owner) => ({
    ...(owner.manager !== "" && { manager: owner.manager }),
    operation: owner.operation,
    apiVersion: owner.apiVersion,
    ...(owner.time !== undefined && { time: owner.time }),
    fieldsType: "FieldsV1",
    fieldsV1: owner.fields,
    ...(owner.subresource !== "" && { subresource: owner.subresource }),
  }));
}

/** By operation, time in seconds, manager, version, subresource. */
function compareOwners(a: Owner, b: Owner): number {
  return compareText(a.operation, b.operation) || seconds(a) - seconds(b) ||
    compareText(a.manager, b.manager) || compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource);
}

function seconds(owner: Owner): number {
  return owner.time === undefined ? 0 : Math.floor(Date.parse(owner.time) / 1000);
}

/** Whether two entries are one owner's. An applier stays the same from version to version; an updater does not. */
export function isSameOwner(a: Owner, b: Owner): boolean {
  return a.manager === b.manager && a.operation === b.operation &&
    a.subresource === b.subresource &&
    (a.operation === "Apply" || a.apiVersion === b.apiVersion);
}

/** A text that is equal for the same owner; the reference orders by it. */
export function identityOf(owner: Owner): string {
  return JSON.stringify({
    ...(owner.manager !== "" && { manager: owner.manager }),
    operation: owner.operation,
    ...(owner.operation === "Update" && { apiVersion: owner.apiVersion }),
    ...(owner.subresource !== "" && { subresource: owner.subresource }),
  });
}

const maxUpdaters = 10;
const bucketManager = "ancient-changes";

/**
 * At most ten owners by update: beyond that the oldest of one version are joined under the name `ancient-changes`,
 * so that objects which many programs touch do not grow for ever.
 */
export function capUpdaters(owners: readonly Owner[]): readonly Owner[] {
  let excess = owners.filter((owner) => owner.operation === "Update").length - maxUpdaters;
  if (excess <= 0) return owners;
  const kept = new Set(owners);
  const oldest = owners.filter((owner) => owner.operation === "Update").sort((a, b) =>
    seconds(a) - seconds(b) || compareText(identityOf(a), identityOf(b))
  );
  const firstOf = new Map<string, Owner>();
  for (const owner of oldest) {
    if (excess <= 0) break;
    const first = firstOf.get(owner.apiVersion);
    if (first === undefined) {
      firstOf.set(owner.apiVersion, owner);
      continue;
    }
    const bucket: Owner = { ...owner, manager: bucketManager, subresource: "" };
    const target = [...kept].find((other) => isSameOwner(other, bucket)) ?? first;
    if (target === owner) continue;
    kept.delete(owner);
    kept.delete(target);
    kept.add({ ...bucket, fields: union(owner.fields, target.fields) });
    excess--;
  }
  return [...kept];
}

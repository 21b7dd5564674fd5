import type { KubeObject } from "../../../shared/api/kind.ts";
import type { ManagedFieldsEntry } from "../../../shared/meta/types.gen.ts";
import { emptyObject } from "./empty_object.ts";
import {
  type FieldWrite,
  ownersAfterUpdate,
  versionAt,
  withoutManagedFields,
} from "./field_write.ts";
import { capUpdaters, decodeOwners, encodeOwners, type Owner } from "./owners.ts";
import { deepEqual } from "./typed_value.ts";

export interface UpdateManagedFieldsOptions extends FieldWrite {
  /** The stored object; undefined for a create. */
  readonly old: KubeObject | undefined;
  /** The object to store, decoded and defaulted. Neither object is changed. */
  readonly object: KubeObject;
}

/**
 * The `metadata.managedFields` of an object that a create, an update or a patch other than apply is about to store
 * (KEP-555); undefined for none. The registry calls it after decoding and defaulting, before admission and before
 * the strategy prepares the object, and again whenever the write lost a race.
 *
 * Objects must be as they would be encoded (Go's empty values in or left out as the schema's flags say), or
 * fields that only look different change owners. Never throws: where ownership cannot be computed the stored entries stay.
 */
export function updateManagedFields(
  options: UpdateManagedFieldsOptions,
): ManagedFieldsEntry[] | undefined {
  const stored = options.old?.metadata.managedFields ?? undefined;
  try {
    const owners = currentOwners(options, stored);
    if (owners.length === 0 && options.old?.metadata.uid) return undefined;
    const object = withoutManagedFields(options.object);
    const old = options.old
      ? withoutManagedFields(options.old)
      : emptyObject(options.schema) as unknown as KubeObject;
    return encodeOwners(capUpdaters(ownersAfterUpdate(owners, options, { old, object })));
  } catch (error) {
    if (error instanceof TypeError) return stored;
    throw error;
  }
}

/** The owners before the write: those that the request names, if it may and does, else the stored ones. */
function currentOwners(
  options: UpdateManagedFieldsOptions,
  stored: readonly ManagedFieldsEntry[] = [],
): Owner[] {
  const decode = (entries: readonly ManagedFieldsEntry[]) =>
    decodeOwners(entries, {
      stored,
      schemaAt: (apiVersion) => versionAt(options, apiVersion)?.schema,
    });
  const given = options.subresource === ""
    ? options.object.metadata.managedFields ?? undefined
    : undefined;
  if (given !== undefined && given !== stored) {
    if (isReset(given)) return [];
    // Clients that do not know the field, or break it, do not lose what is stored.
    const owners = attempt(() => decode(given)) ?? [];
    if (owners.length > 0) return owners;
  }
  return attempt(() => decode(stored)) ?? [];
}

/** `[]` and `[{}]` are how a client asks to forget all owners. */
function isReset(entries: readonly ManagedFieldsEntry[]): boolean {
  if (entries.length === 0) return true;
  return entries.length === 1 && Object.values(entries[0]!).every((value) => !value);
}

function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/**
 * What is wrong with entries that mutating admission left behind, as the reference's warning says it; undefined if
 * nothing is.
 */
export function managedFieldsError(
  entries: readonly ManagedFieldsEntry[] | undefined,
): string | undefined {
  try {
    decodeOwners(entries ?? []);
    return undefined;
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}

/**
 * The entries to store for `object`: the old ones if the write changes nothing but times in them, so that it can be
 * answered without writing. Called last, when admission and the strategy are done with `object`.
 */
export function keepTimesOfNoop(
  old: KubeObject,
  object: KubeObject,
): ManagedFieldsEntry[] | undefined {
  const before = old.metadata.managedFields;
  const after = object.metadata.managedFields;
  if (!before || !after || before.length !== after.length) return after;
  if (after.every((entry, i) => entry.time === before[i]!.time)) return after;
  const sameOwners = after.every((entry, i) =>
    deepEqual({ ...entry, time: undefined }, { ...before[i], time: undefined })
  );
  if (!sameOwners) return after;
  return deepEqual(withoutManagedFields(old), withoutManagedFields(object)) ? before : after;
}

const maxManagerLength = 128;

/** The manager of a request that names none: its user agent up to the first slash, printable characters only. */
export function managerOf(fieldManager: string | undefined, userAgent: string): string {
  if (fieldManager) return fieldManager;
  let name = "";
  let bytes = 0;
  for (const char of userAgent.split("/", 1)[0]!) {
    if (/[\p{C}\p{Z}]/u.test(char) && char !== " ") continue;
    bytes += new TextEncoder().encode(char).length;
    if (bytes > maxManagerLength) break;
    name += char;
  }
  return name;
}

import type { KubeObject, OtherVersion } from "../../../shared/api/kind.ts";
import {
  difference,
  emptyFieldSet,
  type FieldSet,
  intersection,
  isEmpty,
  union,
} from "./field_set.ts";
import { type FieldWrite, versionAt } from "./field_write.ts";
import { removeFields } from "./merge.ts";
import type { Owner } from "./owners.ts";
import { toFieldSet, withNamedFields } from "./typed_fields.ts";

export interface PruneOptions {
  /** What the applier owned before; undefined if it applies for the first time. */
  readonly last: Owner | undefined;
  /** All owners, the applier with what it applies now. */
  readonly owners: readonly Owner[];
  readonly write: FieldWrite;
}

/**
 * The merged object without what the applier applied before and does not apply now, unless somebody else owns it.
 * What lies below a removed item goes with it unless it is owned.
 */
export function prune(merged: KubeObject, options: PruneOptions): KubeObject {
  const { last, owners, write } = options;
  const version = last && versionAt(write, last.apiVersion);
  if (!version || isEmpty(last.fields)) return merged;
  // Nothing was given up: the usual case of applying the same fields again.
  if (isEmpty(difference(last.fields, ownedAt(owners, last.apiVersion)))) return merged;
  const named = withNamedFields(last.fields, version.schema);
  const before = version.convert(merged);
  let pruned = version.restore(removeFields(before, named, version.schema));
  for (const apiVersion of versionsOf(owners, last.apiVersion)) {
    const other = versionAt(write, apiVersion);
    if (other) {
      pruned = addBackOwned(pruned, merged, { version: other, owned: ownedAt(owners, apiVersion) });
    }
  }
  const given = difference(
    allFields(before, version.schema),
    allFields(version.convert(pruned), version.schema),
  );
  return version.restore(removeFields(before, intersection(given, named), version.schema));
}

function addBackOwned(
  pruned: KubeObject,
  merged: KubeObject,
  { version, owned }: { readonly version: OtherVersion; readonly owned: FieldSet },
): KubeObject {
  const { schema } = version;
  const whole = version.convert(merged);
  const kept = union(
    allFields(version.convert(pruned), schema),
    withNamedFields(owned, schema),
  );
  return version.restore(removeFields(whole, difference(allFields(whole, schema), kept), schema));
}

function allFields(object: KubeObject, schema: OtherVersion["schema"]): FieldSet {
  return withNamedFields(toFieldSet(object, schema), schema);
}

function ownedAt(owners: readonly Owner[], apiVersion: string): FieldSet {
  return owners.filter((owner) => owner.apiVersion === apiVersion)
    .reduce<FieldSet>((set, owner) => union(set, owner.fields), emptyFieldSet);
}

/** The version of what is removed comes first: conversion may need what other owners keep in it. */
function versionsOf(owners: readonly Owner[], first: string): Set<string> {
  return new Set([first, ...owners.map((owner) => owner.apiVersion)]);
}

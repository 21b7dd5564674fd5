import { StatusError } from "../meta/status_error.ts";
import { isObject } from "../schema/json_object.ts";
import type { FieldNode, SchemaNode } from "../schema/schema.ts";
import { goText } from "./go_text.ts";
import { doesNotApply, unexpectedPatch } from "./patch_error.ts";
import { directive, type JsonObject, type MergeMaps } from "./strategic_merge_directive.ts";

interface ListField extends Pick<FieldNode, "node" | "patchMergeKey"> {
  /** How items that are maps are merged. */
  readonly mergeMaps: MergeMaps;
}

/** Merges a patch list into a list that has the strategy `merge`: objects by their merge key, scalars as a set. */
export function mergeLists(
  field: ListField,
  original: readonly unknown[],
  patch: readonly unknown[],
): unknown[] {
  if (original.length === 0 && patch.length === 0) return [];
  if (!holdsMaps(original, patch)) {
    return inOrder([...new Set([...original, ...patch])], { wanted: patch, live: original });
  }
  const key = field.patchMergeKey;
  if (key === undefined) {
    throw unexpectedPatch("cannot merge lists without merge key for struct");
  }
  const { kept, changes } = obeyDirectives(original as JsonObject[], patch as JsonObject[], key);
  const merged = mergeByKey(field, { kept, changes, key });
  return inOrder(merged, { wanted: changes, live: kept, key });
}

/** Whether the items are objects; throws where lists of lists or mixed lists are merged. */
export function holdsMaps(...lists: readonly (readonly unknown[])[]): boolean {
  const items = lists.flat(1);
  const types = new Set(items.map(typeOf));
  if (types.has("array")) {
    throw doesNotApply("lists of lists are not supported");
  }
  if (types.size > 1) {
    throw unexpectedPatch(`list element types are not identical: ${goText(lists)}`);
  }
  if (types.size === 0) throw unexpectedPatch("no elements in any of the given slices");
  return types.has("map");
}

interface Ordering {
  /** The order that the patch asks for. */
  readonly wanted: readonly unknown[];
  /** The order in the live object. */
  readonly live: readonly unknown[];
  readonly key?: string | undefined;
}

/**
 * `items` in the order in which the reference leaves them: those that the patch names in its order, the others in
 * theirs, each put before the first named one that the live list has after it.
 */
export function inOrder(items: readonly unknown[], { wanted, live, key }: Ordering): unknown[] {
  const wantedPlaces = placesOf(wanted, key);
  const livePlaces = placesOf(live, key);
  const named: unknown[] = [];
  const others: unknown[] = [];
  for (const item of items) {
    (wantedPlaces.has(identity(item, key)) ? named : others).push(item);
  }
  const by = (places: ReadonlyMap<unknown, number>) => (a: unknown, b: unknown) =>
    (places.get(identity(a, key)) ?? Infinity) - (places.get(identity(b, key)) ?? Infinity) || 0;
  named.sort(by(wantedPlaces));
  others.sort(by(livePlaces));
  return interleave(others, named, (item) => livePlaces.get(identity(item, key)));
}

/** The value by which an item is found again: itself, or its merge key, which it must have. */
export function identity(item: unknown, key: string | undefined): unknown {
  if (key === undefined) return item;
  if (!isObject(item)) {
    throw unexpectedPatch(
      `expected a map[string]interface {}, but received a ${goTypeOf(item)}`,
    );
  }
  if (!Object.hasOwn(item, key)) throw noMergeKey(item, key);
  return item[key];
}

function interleave(
  others: readonly unknown[],
  named: readonly unknown[],
  placeOf: (item: unknown) => number | undefined,
): unknown[] {
  const out: unknown[] = [];
  let next = 0;
  for (const item of named) {
    const place = placeOf(item);
    while (next < others.length) {
      const otherPlace = placeOf(others[next]);
      if (place === undefined || otherPlace === undefined || otherPlace >= place) break;
      out.push(others[next++]);
    }
    out.push(item);
  }
  return out.concat(others.slice(next));
}

function placesOf(items: readonly unknown[], key: string | undefined): Map<unknown, number> {
  const places = new Map<unknown, number>();
  items.forEach((item, place) => {
    const id = identity(item, key);
    if (!places.has(id)) places.set(id, place);
  });
  return places;
}

/** Carries out `$patch` items: deletes, or replaces the whole list. */
function obeyDirectives(
  original: readonly JsonObject[],
  patch: readonly JsonObject[],
  key: string,
): { kept: readonly JsonObject[]; changes: readonly JsonObject[] } {
  const changes: JsonObject[] = [];
  const deleted = new Set<unknown>();
  let replaces = false;
  for (const item of patch) {
    const kind = item[directive.patch];
    if (kind === undefined) changes.push(item);
    else if (kind === "delete") deleted.add(identity(item, key));
    else if (kind === "replace") replaces = true;
    else if (kind === "merge") {
      throw unexpectedPatch("merging lists cannot yet be specified in the patch");
    } else throw unexpectedPatch(`unknown patch type: ${goText(kind)} in map: ${goText(item)}`);
  }
  if (replaces) return { kept: changes, changes: [] };
  const kept = deleted.size === 0
    ? original
    : original.filter((item) => !(Object.hasOwn(item, key) && deleted.has(item[key])));
  return { kept, changes };
}

interface KeyedMerge {
  readonly kept: readonly JsonObject[];
  readonly changes: readonly JsonObject[];
  readonly key: string;
}

function mergeByKey(field: ListField, { kept, changes, key }: KeyedMerge): JsonObject[] {
  const out = [...kept];
  const places = new Map<unknown, number>();
  out.forEach((item, place) => {
    if (Object.hasOwn(item, key) && !places.has(item[key])) places.set(item[key], place);
  });
  for (const change of changes) {
    const id = identity(change, key);
    const place = places.get(id);
    if (place === undefined) {
      places.set(id, out.length);
      out.push(change);
    } else out[place] = field.mergeMaps(itemNode(field.node), out[place]!, change);
  }
  return out;
}

function itemNode(node: SchemaNode): SchemaNode {
  return node.type === "list" ? node.items : node;
}

function noMergeKey(item: JsonObject, key: string): StatusError {
  return unexpectedPatch(`map: ${goText(item)} does not contain declared merge key: ${key}`);
}

function typeOf(item: unknown): string {
  if (Array.isArray(item)) return "array";
  return isObject(item) ? "map" : typeof item;
}

function goTypeOf(item: unknown): string {
  switch (typeof item) {
    case "string":
      return "string";
    case "boolean":
      return "bool";
    case "number":
      return Number.isInteger(item) ? "int64" : "float64";
    default:
      return Array.isArray(item) ? "[]interface {}" : "%!s(<nil>)";
  }
}

import type { ListNode, SchemaNode } from "../../../shared/schema/schema.ts";
import { type FieldSet, isEmpty, isMember } from "./field_set.ts";
import { fieldElement, type PathElement } from "./path_element.ts";
import {
  asFields,
  asList,
  childOf,
  copyJson,
  fieldOf,
  type Fields,
  hasNoFields,
  itemElement,
  setField,
  shapeOf,
} from "./typed_value.ts";

/**
 * The live object with an applied configuration laid over it, by the schema: maps and structs by field, list maps
 * and sets by item, all else replaced. Nothing is removed. The result shares nothing with the arguments.
 * Throws TypeError for a list item that cannot be named.
 */
export function mergeObjects<T>(live: T, applied: unknown, schema: SchemaNode): T {
  return mergeValues(schema, live, applied) as T;
}

/**
 * A copy of `value` without the given fields and items. A map or list from which everything went is left as null,
 * which decoding the object drops. Parts that nothing is removed from are shared.
 */
export function removeFields<T>(value: T, set: FieldSet, schema: SchemaNode): T {
  return isEmpty(set) ? value : without(schema, value, set) as T;
}

/** Undefined stands for an absent value. The result is undefined only if nothing is left to write. */
function mergeValues(node: SchemaNode, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return copyJson(live);
  if (live === undefined) return copyJson(applied);
  switch (shapeOf(node)) {
    case "leaf":
      return copyJson(applied);
    case "list":
      return mergeLists(node as ListNode, live, applied);
    case "deduced":
      // Only objects merge; null is an object without fields.
      if (!asFields(applied) && applied !== null) return copyJson(applied);
      return mergeMaps(node, live, applied);
    case "map":
      return mergeMaps(node, live, applied);
  }
}

function mergeMaps(node: SchemaNode, live: unknown, applied: unknown): unknown {
  const below = asFields(live);
  const above = asFields(applied);
  if ((!below || hasNoFields(below)) && (!above || hasNoFields(above))) return copyJson(applied);
  const out: Fields = {};
  for (const key in below) {
    put(out, key, mergeValues(childOf(node, key), below[key], fieldOf(above, key)));
  }
  for (const key in above) {
    if (fieldOf(below, key) === undefined) put(out, key, copyJson(above[key]));
  }
  return out;
}

function put(out: Fields, key: string, value: unknown): void {
  if (value !== undefined) setField(out, key, value);
}

interface Items {
  readonly elements: readonly PathElement[];
  /** Null for an element that several items have: they are replaced, not merged. */
  readonly byElement: ReadonlyMap<PathElement, unknown>;
}

function indexItems(list: ListNode, items: readonly unknown[]): Items {
  const elements = items.map((item) => itemElement(list, item));
  const byElement = new Map<PathElement, unknown>();
  for (const [i, element] of elements.entries()) {
    byElement.set(element, byElement.has(element) ? null : items[i]);
  }
  return { elements, byElement };
}

/**
 * Applied items come in the applied order. Items that only the live list has stay where they are relative to the
 * items of both, as far as the applied order allows.
 */
function mergeLists(list: ListNode, live: unknown, applied: unknown): unknown {
  const below = asList(live) ?? [];
  const above = asList(applied) ?? [];
  if (below.length === 0 && above.length === 0) return copyJson(applied);
  const old = indexItems(list, below);
  const wanted = indexItems(list, above);
  const shared = wanted.elements.filter((element) => old.byElement.has(element));
  const merged = new Set<PathElement>();
  const out: unknown[] = [];
  let nextShared = 0;
  let l = 0;
  let r = 0;
  const takeApplied = () => {
    const element = wanted.elements[r++]!;
    if (element === shared[nextShared]) nextShared++;
    merged.add(element);
    out.push(
      mergeValues(list.items, old.byElement.get(element), wanted.byElement.get(element)),
    );
  };
  while (l < below.length || r < above.length) {
    const element = old.elements[l];
    if (element === undefined) {
      takeApplied();
    } else if (element === wanted.elements[r]) {
      l++;
      takeApplied();
    } else if (!wanted.byElement.has(element)) {
      out.push(copyJson(below[l++]));
    } else if (r < above.length && nextShared < shared.length && element !== shared[nextShared]) {
      l++;
    } else {
      if (merged.has(element)) l++;
      if (r < above.length) takeApplied();
    }
  }
  return out;
}

function without(node: SchemaNode, value: unknown, set: FieldSet): unknown {
  switch (shapeOf(node)) {
    case "list":
      return withoutItems(node as ListNode, asList(value), set);
    case "map":
      return withoutFields(node, asFields(value), set);
    case "deduced":
      if (asFields(value)) return withoutFields(node, asFields(value), set);
      return asList(value) ? null : value;
    case "leaf":
      return node.type === "scalar" ? value : null;
  }
}

function withoutFields(node: SchemaNode, fields: Fields | undefined, set: FieldSet): unknown {
  const out: Fields = {};
  for (const key in fields) {
    const value = fields[key];
    const part = set[fieldElement(key)];
    if (value === undefined) continue;
    if (part === undefined) setField(out, key, value);
    else if (!isMember(part)) setField(out, key, without(childOf(node, key), value, part));
  }
  return hasNoFields(out) ? null : out;
}

function withoutItems(list: ListNode, items: unknown[] | undefined, set: FieldSet): unknown {
  const out: unknown[] = [];
  for (const item of items ?? []) {
    const part = set[itemElement(list, item)];
    if (part === undefined) out.push(item);
    else if (!isMember(part)) out.push(without(list.items, item, part));
  }
  return out.length === 0 ? null : out;
}

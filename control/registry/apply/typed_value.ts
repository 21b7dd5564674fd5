import type { FieldNode, ListNode, SchemaNode } from "../../../shared/schema/schema.ts";
import {
  compareText,
  keyElement,
  type KeyField,
  type PathElement,
  valueElement,
} from "./path_element.ts";

/** A JSON object whose keys may come from users. */
export type Fields = Record<string, unknown>;

/**
 * How field management sees a value of a schema node: a leaf is owned and replaced as a whole, maps and lists by
 * their items. `deduced` has no schema: its objects are maps of deduced values, all else is a leaf.
 */
export type Shape = "leaf" | "map" | "list" | "deduced";

/** The node of a value without schema. */
export const deduced: SchemaNode = { type: "scalar", scalar: "any", goName: "" };

export function shapeOf(node: SchemaNode): Shape {
  switch (node.type) {
    case "struct":
    case "map":
      return node.atomic ? "leaf" : "map";
    case "list":
      return node.listType === "atomic" ? "leaf" : "list";
    case "scalar":
      return node.scalar === "any" || node.scalar === "fieldsV1" ? "deduced" : "leaf";
  }
}

/** The node of a field or map value; undefined for a field that the schema does not declare. */
export function declaredChild(node: SchemaNode, key: string): SchemaNode | undefined {
  switch (node.type) {
    case "struct":
      return node.fields.get(key)?.node ??
        (node.preserveUnknown || node.fields.size === 0 ? deduced : undefined);
    case "map":
      return node.values;
    default:
      return deduced;
  }
}

/** As declaredChild, but an undeclared field is a value without schema. */
export function childOf(node: SchemaNode, key: string): SchemaNode {
  return declaredChild(node, key) ?? deduced;
}

/** Whether `key` is a declared field of a struct, which is owned only through what is in it. */
export function isNamedField(node: SchemaNode, key: string): boolean {
  return node.type === "struct" && node.fields.has(key);
}

/** The object, or undefined for null, lists and scalars. */
export function asFields(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Fields
    : undefined;
}

/** The list, or undefined for anything else. */
export function asList(value: unknown): unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** An own property; keys such as `constructor` may be user data. */
export function fieldOf(fields: Fields | undefined, key: string): unknown {
  if (fields === undefined) return undefined;
  const value = fields[key];
  if (typeof value === "function" || key === "__proto__") {
    return Object.hasOwn(fields, key) ? value : undefined;
  }
  return value;
}

/** Sets an own property, also for the key `__proto__`. */
export function setField(fields: Fields, key: string, value: unknown): void {
  if (key !== "__proto__") fields[key] = value;
  else {Object.defineProperty(fields, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });}
}

/** Whether there is no field that has a value. */
export function hasNoFields(fields: Fields): boolean {
  for (const key in fields) if (fields[key] !== undefined) return false;
  return true;
}

/** Equality of JSON values; the order of keys does not count, fields that are undefined are absent. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => deepEqual(item, b[i]));
  }
  if (Array.isArray(b)) return false;
  return equalFields(a as Fields, b as Fields);
}

function equalFields(a: Fields, b: Fields): boolean {
  let count = 0;
  for (const key in a) {
    const value = a[key];
    if (value === undefined) continue;
    count++;
    if (!deepEqual(value, fieldOf(b, key))) return false;
  }
  for (const key in b) if (b[key] !== undefined) count--;
  return count === 0;
}

/** A copy that shares nothing; fields that are undefined are left out. */
export function copyJson<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(copyJson) as T;
  const out: Fields = {};
  for (const key in value) {
    const field: unknown = value[key];
    if (field !== undefined) setField(out, key, copyJson(field));
  }
  return out as T;
}

/** The element that names an item of a list map or a set. Throws TypeError if the item cannot be named. */
export function itemElement(list: ListNode, item: unknown): PathElement {
  if (list.mapKeys.length > 0) return keyedElement(list, item);
  if (Array.isArray(item)) {
    throw new TypeError("not supported: associative list with lists as elements");
  }
  if (item === null) {
    throw new TypeError("associative list without keys has an element that's an explicit null");
  }
  if (typeof item === "object") {
    throw new TypeError("associative list without keys has an element that's a map type");
  }
  return valueElement(item);
}

function keyedElement(list: ListNode, item: unknown): PathElement {
  if (item === null) {
    throw new TypeError("associative list with keys may not have a null element");
  }
  const fields = asFields(item);
  if (!fields) throw new TypeError("associative list with keys may not have non-map elements");
  const found: KeyField[] = [];
  for (const key of keysOf(list)) {
    const value = fields[key.name] ?? key.standard;
    if (value !== undefined) found.push([key.name, value]);
  }
  if (found.length === 0) {
    const names = list.mapKeys.map((name) => JSON.stringify(name)).join(" ");
    throw new TypeError(
      `associative list with keys has an element that omits all key fields [${names}] ` +
        "(and doesn't have default values for any key fields)",
    );
  }
  return keyElement(found);
}

interface ListKey {
  readonly name: string;
  /** What an item that leaves the key out means. */
  readonly standard: unknown;
}

const listKeys = new WeakMap<ListNode, readonly ListKey[]>();

function keysOf(list: ListNode): readonly ListKey[] {
  const known = listKeys.get(list);
  if (known) return known;
  const keys = list.mapKeys.toSorted(compareText).map((name) => ({
    name,
    standard: list.items.type === "struct"
      ? standardOf(list.items.fields.get(name), list.items.goType !== "")
      : undefined,
  }));
  listKeys.set(list, keys);
  return keys;
}

/** The declared default; a built-in field that is always written has its zero value (as published in OpenAPI v3). */
function standardOf(field: FieldNode | undefined, builtIn: boolean): unknown {
  if (field === undefined || field.default !== undefined) return field?.default;
  if (!builtIn || field.omitEmpty || field.pointer || field.node.type !== "scalar") {
    return undefined;
  }
  switch (field.node.scalar) {
    case "string":
      return "";
    case "int32":
    case "int64":
      return 0;
    default:
      return undefined;
  }
}

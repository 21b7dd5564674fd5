import { isObject, setKey } from "../json_object.ts";
import { type Shape, shapeAt } from "./shape.ts";
import { sortedDeep } from "./decoding.ts";

type Values = Record<string, unknown>;

/**
 * Fills in the defaults of the schema, in place: for keys that are absent, and for nulls that may not be. Keys stay
 * sorted. Idempotent.
 */
export function applyDefaults(value: unknown, shape: Shape | undefined): void {
  if (!shape?.has.defaults) return;
  if (Array.isArray(value)) defaultItems(value, shape.items);
  else if (isObject(value)) defaultFields(value, shape);
}

function defaultItems(items: unknown[], shape: Shape | undefined): void {
  if (!shape) return;
  for (let i = 0; i < items.length; i++) {
    if (items[i] === null && !shape.nullable) items[i] = copyOf(shape.default);
    applyDefaults(items[i], shape);
  }
}

function defaultFields(value: Values, shape: Shape): void {
  let added = false;
  for (const [key, property] of shape.properties) {
    if (property.default === undefined) continue;
    const given = Object.hasOwn(value, key) ? value[key] : undefined;
    if (given !== undefined && (given !== null || property.nullable)) continue;
    added ||= given === undefined;
    setKey(value, key, copyOf(property.default));
  }
  if (added) sortInPlace(value);
  for (const key of Object.keys(value)) {
    const child = shapeAt(shape, key);
    if (!child?.has.defaults) continue;
    if (value[key] === null && !child.nullable && !shape.properties.has(key)) {
      setKey(value, key, copyOf(child.default));
    }
    applyDefaults(value[key], child);
  }
}

function copyOf(standard: unknown): unknown {
  return standard === undefined ? null : sortedDeep(standard);
}

function sortInPlace(value: Values): void {
  const keys = Object.keys(value);
  const isSorted = keys.every((key, i) => i === 0 || keys[i - 1]! < key);
  if (isSorted) return;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const key of keys) delete value[key];
  for (const [key, entry] of entries) setKey(value, key, entry);
}

import type { FieldNode, SchemaNode, StructNode } from "../schema/schema.ts";

/**
 * Whether two values of a schema mean the same: absent and empty lists, maps and structs are equal, and so are
 * absent and zero scalars where the API has no pointer. Quantities are compared as written (they are canonical
 * once decoded). Used to tell whether a write changed what may not change.
 */
export function semanticEqual(node: SchemaNode, a: unknown, b: unknown): boolean {
  if (a === b) return true;
  switch (node.type) {
    case "scalar":
      return (a ?? null) === (b ?? null) || JSON.stringify(a) === JSON.stringify(b);
    case "list": {
      const left = (a ?? []) as unknown[];
      const right = (b ?? []) as unknown[];
      return left.length === right.length &&
        left.every((item, i) => semanticEqual(node.items, item, right[i]));
    }
    case "map":
      return equalMaps(node.values, (a ?? {}) as Fields, (b ?? {}) as Fields);
    case "struct":
      return equalStructs(node, (a ?? {}) as Fields, (b ?? {}) as Fields);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function equalMaps(values: SchemaNode, a: Fields, b: Fields): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) => key in b && semanticEqual(values, a[key], b[key]));
}

function equalStructs(node: StructNode, a: Fields, b: Fields): boolean {
  for (const [name, field] of node.fields) {
    if (a[name] === b[name]) continue;
    if (!equalFields(field, a[name], b[name])) return false;
  }
  return true;
}

function equalFields(field: FieldNode, a: unknown, b: unknown): boolean {
  if (field.pointer && ((a ?? null) === null) !== ((b ?? null) === null)) return false;
  if (field.node.type === "scalar" && !field.pointer && isZero(a) && isZero(b)) return true;
  return semanticEqual(field.node, a, b);
}

function isZero(value: unknown): boolean {
  return value === undefined || value === null || value === "" || value === 0 || value === false;
}

import { zeroOfScalar } from "../../../shared/schema/scalars.ts";
import type { FieldNode, SchemaNode, StructNode } from "../../../shared/schema/schema.ts";
import type { Fields } from "./typed_value.ts";

const emptyObjects = new WeakMap<StructNode, Fields>();

/**
 * What a create is compared with: the object as Go writes its zero value. Fields that are always written are in it,
 * so a new object owns what is in `spec` or `spec.containers`, but neither of these. Empty for a custom resource.
 */
export function emptyObject(schema: StructNode): Fields {
  const known = emptyObjects.get(schema);
  if (known) return known;
  const object = schema.goType === "" ? {} : zeroStruct(schema);
  emptyObjects.set(schema, object);
  return object;
}

function zeroStruct(node: StructNode): Fields {
  const out: Fields = {};
  for (const field of node.fields.values()) {
    if (isWritten(field)) out[field.name] = field.pointer ? null : zeroValue(field.node);
  }
  return out;
}

function isWritten({ node, pointer, omitEmpty, omitZero }: FieldNode): boolean {
  if (omitZero) return false;
  return !omitEmpty || (!pointer && isGoStruct(node));
}

/** Go never takes a struct for empty, and times, quantities and the like are structs. */
function isGoStruct(node: SchemaNode): boolean {
  return node.type === "struct" ||
    (node.type === "scalar" && !plainScalars.includes(node.scalar));
}

const plainScalars = ["string", "bool", "int32", "int64", "float64", "bytes"];

function zeroValue(node: SchemaNode): unknown {
  if (node.type === "struct") return zeroStruct(node);
  return node.type === "scalar" ? zeroOfScalar(node.scalar) : null;
}

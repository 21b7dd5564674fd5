import type { FieldNode, SchemaNode, StructNode } from "../schema/schema.ts";
import { schemaOfType } from "../schema/schema.ts";
import { fieldOrders, irregularNames } from "./internal_names.ts";

/**
 * A value as the reference shows it inside its messages: with the field names of its internal types, every field,
 * and null for what is absent. `goType` is the published name, e.g. `k8s.io.api.core.v1.PodSpec`.
 */
export function internalValue(goType: string, value: unknown): unknown {
  return ofStruct(schemaOfType(goType), value ?? {});
}

/** As `internalValue`, as the text that differences are shown of: one field a line, indented by one space. */
export function internalText(goType: string, value: unknown): string {
  return JSON.stringify(internalValue(goType, value), null, 1);
}

function internalValueOf(node: SchemaNode, value: unknown): unknown {
  switch (node.type) {
    case "scalar":
      return value ?? null;
    case "list":
      return value === undefined || value === null
        ? null
        : (value as unknown[]).map((item) => internalValueOf(node.items, item));
    case "map":
      return value === undefined || value === null ? null : sortedMap(node.values, value);
    case "struct":
      return ofStruct(node, value ?? {});
  }
}

function ofStruct(node: StructNode, value: unknown): unknown {
  // The types of the meta package have no internal version.
  if (node.goType.includes("apimachinery")) return asPublished(node, value);
  const fields = value as Record<string, unknown>;
  const out: Record<string, unknown> = {};
  const typeName = node.goName;
  for (const name of orderOf(node)) {
    const field = node.fields.get(name)!;
    if (name === "metadata") Object.assign(out, asPublished(field.node, fields[name] ?? {}));
    else if (name !== "kind" && name !== "apiVersion" || !isObject(node)) {
      out[internalName(typeName, name)] = ofField(field, fields[name]);
    }
  }
  return out;
}

function ofField(field: FieldNode, value: unknown): unknown {
  const { node } = field;
  if (value !== undefined && value !== null) return internalValueOf(node, value);
  if (field.pointer) return null;
  if (node.type === "struct") return ofStruct(node, {});
  if (node.type !== "scalar") return null;
  switch (node.scalar) {
    case "bool":
      return false;
    case "int32":
    case "int64":
    case "float64":
    case "intOrString":
      return 0;
    case "string":
      return "";
    case "quantity":
      return "0";
    default:
      return null;
  }
}

/** As it is published: JSON names, in order, without what is empty. */
function asPublished(node: SchemaNode, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (node.type === "list") {
    return (value as unknown[]).map((item) => asPublished(node.items, item));
  }
  if (node.type === "map") return sortedMap(node.values, value);
  if (node.type !== "struct") return value;
  const out: Record<string, unknown> = {};
  for (const [name, field] of node.fields) {
    const item = (value as Record<string, unknown>)[name];
    if (item !== undefined && item !== null) out[name] = asPublished(field.node, item);
  }
  return out;
}

/** Whether the struct is an API object with a type of its own, which the reference leaves out when it is empty. */
function isObject(node: StructNode): boolean {
  return node.fields.has("metadata") && node.fields.has("apiVersion");
}

function orderOf(node: StructNode): readonly string[] {
  const names = [...node.fields.keys()];
  const order = fieldOrders[node.goName];
  if (!order) return names;
  return [
    ...order.filter((name) => node.fields.has(name)),
    ...names.filter((n) => !order.includes(n)),
  ];
}

function internalName(type: string, name: string): string {
  return irregularNames[`${type}.${name}`] ?? irregularNames[name] ??
    name[0]!.toUpperCase() + name.slice(1);
}

function sortedMap(values: SchemaNode, map: unknown): unknown {
  const entries = Object.entries(map as Record<string, unknown>).sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries.map(([key, item]) => [key, internalValueOf(values, item)]));
}

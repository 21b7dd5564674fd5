import type { Pass, Plan } from "./decode.ts";
import { isObject, setKey, sortedKeys } from "./json_object.ts";
import type { SchemaNode, StructNode } from "./schema.ts";

interface Pruning {
  readonly pass: Pass;
  planOf(node: SchemaNode): Plan;
}

/**
 * Custom resources are free-form JSON to the reference: fields that the schema does not have are dropped, keys are
 * sorted, and all else stays as it is, wrong types included (validation refuses those). Built-in structs inside
 * (ObjectMeta) are decoded by their own rules.
 */
export function pruneCustom(node: StructNode, value: unknown, pruning: Pruning): unknown {
  if (!isObject(value)) return value;
  const out: Record<string, unknown> = {};
  for (const key of sortedKeys(value)) {
    const given = value[key];
    if (given === undefined) continue;
    const field = node.fields.get(key);
    if (field) setKey(out, key, pruneNode(field.node, given, pruning));
    else if (node.preserveUnknown) setKey(out, key, given);
    else pruning.pass.sawUnknown ||= pruning.pass.strict;
  }
  return out;
}

function pruneNode(node: SchemaNode, value: unknown, pruning: Pruning): unknown {
  switch (node.type) {
    case "scalar":
      return value;
    case "list":
      if (!Array.isArray(value)) return value;
      return value.map((item) => pruneNode(node.items, item, pruning));
    case "map":
      return pruneMap(node.values, value, pruning);
    case "struct":
      if (node.goType === "") return pruneCustom(node, value, pruning);
      return value === null ? null : pruning.planOf(node).decode(value, pruning.pass);
  }
}

function pruneMap(values: SchemaNode, value: unknown, pruning: Pruning): unknown {
  if (!isObject(value)) return value;
  const out: Record<string, unknown> = {};
  for (const key of sortedKeys(value)) {
    setKey(out, key, pruneNode(values, value[key], pruning));
  }
  return out;
}

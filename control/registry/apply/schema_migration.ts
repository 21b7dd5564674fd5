import type { SchemaNode } from "../../../shared/schema/schema.ts";
import { type FieldSet, isEmpty, isMember, leaf, NodeBuilder } from "./field_set.ts";
import { declaredChild, shapeOf } from "./typed_value.ts";

/**
 * A stored set under a schema that has made a part atomic since: who owned something in that part owns the part
 * (KEP-555, schema changes). Parts that became granular are left as they are. The same set if nothing changes.
 */
export function reconcileWithSchema(set: FieldSet, schema: SchemaNode): FieldSet {
  return isEmpty(set) ? set : reconcile(set, schema);
}

function reconcile(set: FieldSet, node: SchemaNode): FieldSet {
  const shape = shapeOf(node);
  if (shape === "deduced" || isEmpty(set)) return set;
  // Leaves below are those of an atomic map, struct or list that was granular when the set was made.
  if (shape === "leaf") return node.type === "scalar" ? set : leaf;
  const out = new NodeBuilder();
  let changed = false;
  for (const element in set) {
    if (element === ".") continue;
    const child = set[element]!;
    const next = element[0] === "f"
      ? declaredChild(node, element.slice(2))
      : node.type === "list"
      ? node.items
      : undefined;
    const reconciled = next === undefined ? child : reconcile(child, next);
    if (reconciled !== child) changed = true;
    out.add(element, reconciled);
  }
  return changed ? out.done(isMember(set))! : set;
}

import type { SchemaNode } from "../../../shared/schema/schema.ts";
import { asFields } from "../../registry/apply/typed_value.ts";

/**
 * The paths in an applied configuration of what can only be replaced as a whole: a policy that names a part of it would
 * throw the rest away. E.g. `.spec.containers[0].args`.
 */
export function atomicPaths(value: unknown, node: SchemaNode): readonly string[] {
  const found: string[] = [];
  collect(value, node, "", found);
  return found;
}

function collect(value: unknown, node: SchemaNode, path: string, found: string[]): void {
  const fields = asFields(value);
  if (fields && (node.type === "struct" || node.type === "map")) {
    if (node.atomic) found.push(path);
    if (node.type !== "struct") return;
    for (const key of Object.keys(fields)) {
      const field = node.fields.get(key);
      if (field) collect(fields[key], field.node, `${path}.${key}`, found);
    }
  } else if (Array.isArray(value) && node.type === "list") {
    if (node.listType === "atomic") found.push(path);
    value.forEach((item, index) => collect(item, node.items, `${path}[${index}]`, found));
  }
}

import { type SchemaNode, schemaOfType, type StructNode } from "../schema.ts";
import type { FieldNode, ListNode, ScalarNode } from "../schema.ts";
import { additionalOf, hasAdditional, itemsOf, type JsonSchema } from "./json_schema.ts";
import { resourceShapeOf } from "./shape.ts";

/**
 * The schema of a custom resource as the same nodes that built-in kinds have, so that decoding, field ownership and
 * all else that follows nodes treat both alike. `schema` has no `structuralObstacle`; undefined: nothing but metadata
 * is declared.
 */
export function structuralNode(schema: JsonSchema | undefined): StructNode {
  const fields = new Map<string, FieldNode>();
  for (const [name, property] of Object.entries(schema?.properties ?? {})) {
    fields.set(name, fieldOf(name, property));
  }
  addResourceFields(fields);
  return {
    type: "struct",
    goType: "",
    goName: "",
    fields,
    atomic: false,
    structural: resourceShapeOf(schema),
    ...(schema?.["x-kubernetes-preserve-unknown-fields"] && { preserveUnknown: true }),
  };
}

const text: ScalarNode = { type: "scalar", scalar: "string", goName: "string" };
/** A value without a type: owned by its fields where it is an object, else as a whole. */
const untyped: ScalarNode = { type: "scalar", scalar: "any", goName: "interface {}" };

const scalars: Readonly<Record<string, ScalarNode>> = {
  string: text,
  boolean: { type: "scalar", scalar: "bool", goName: "bool" },
  integer: { type: "scalar", scalar: "int64", goName: "int64" },
  number: { type: "scalar", scalar: "float64", goName: "float64" },
};
const intOrString: ScalarNode = {
  type: "scalar",
  scalar: "intOrString",
  goName: "intstr.IntOrString",
};

function addResourceFields(fields: Map<string, FieldNode>): void {
  const metadata = schemaOfType("k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  fields.set("apiVersion", field("apiVersion", text));
  fields.set("kind", field("kind", text));
  fields.set("metadata", field("metadata", metadata));
}

function fieldOf(name: string, schema: JsonSchema): FieldNode {
  const standard = schema.default ?? undefined;
  return { ...field(name, nodeOf(schema)), ...(standard !== undefined && { default: standard }) };
}

function field(name: string, node: SchemaNode): FieldNode {
  return {
    name,
    node,
    pointer: true,
    omitEmpty: true,
    omitZero: false,
    proto: 0,
    patchStrategy: [],
  };
}

function nodeOf(schema: JsonSchema): SchemaNode {
  if (schema["x-kubernetes-int-or-string"]) return intOrString;
  switch (schema.type) {
    case "array":
      return listOf(schema);
    case "object":
      return objectOf(schema);
    default:
      return scalars[schema.type ?? ""] ?? untyped;
  }
}

function listOf(schema: JsonSchema): ListNode {
  const items = itemsOf(schema);
  return {
    type: "list",
    items: items ? nodeOf(items) : untyped,
    listType: (schema["x-kubernetes-list-type"] ?? "atomic") as ListNode["listType"],
    mapKeys: schema["x-kubernetes-list-map-keys"] ?? [],
  };
}

function objectOf(schema: JsonSchema): SchemaNode {
  const atomic = schema["x-kubernetes-map-type"] === "atomic";
  const preserves = schema["x-kubernetes-preserve-unknown-fields"] ?? false;
  const isResource = schema["x-kubernetes-embedded-resource"] ?? false;
  const properties = Object.entries(schema.properties ?? {});
  const additional = additionalOf(schema);
  if (hasAdditional(schema) && properties.length === 0 && !isResource && !preserves) {
    return { type: "map", values: additional ? nodeOf(additional) : untyped, atomic };
  }
  const fields = new Map(properties.map(([name, property]) => [name, fieldOf(name, property)]));
  if (isResource) addResourceFields(fields);
  return {
    type: "struct",
    goType: "",
    goName: "",
    fields,
    atomic,
    ...(preserves && { preserveUnknown: true }),
  };
}

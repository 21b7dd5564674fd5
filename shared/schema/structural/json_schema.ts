import type { JSONSchemaProps } from "../../api/apiextensions/v1/types.gen.ts";

/** A schema as a CustomResourceDefinition holds it: OpenAPI v3 with the `x-kubernetes-` extensions. */
export type JsonSchema = JSONSchemaProps;

/** The schema of all items; undefined if there is none or a list of them, which is not structural. */
export function itemsOf(schema: JsonSchema): JsonSchema | undefined {
  return Array.isArray(schema.items) ? undefined : schema.items;
}

/** The schema of the values of other keys; undefined if there is none or `true` or `false`. */
export function additionalOf(schema: JsonSchema): JsonSchema | undefined {
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
}

/** Whether the schema says anything of other keys: a schema, `true` or `false`. */
export function hasAdditional({ additionalProperties }: JsonSchema): boolean {
  return additionalProperties !== undefined && additionalProperties !== null;
}

/** The schema of a declared key; also for keys such as `constructor`. */
export function propertyOf(schema: JsonSchema, key: string): JsonSchema | undefined {
  const { properties } = schema;
  return properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
}

/** The schema of the value at `key`, declared or not. */
export function childOf(schema: JsonSchema | undefined, key: string): JsonSchema | undefined {
  return schema && (propertyOf(schema, key) ?? additionalOf(schema));
}

/** Whether `test` holds for the schema or one within it, under any keyword. */
export function someSchema(
  schema: JsonSchema | undefined,
  test: (schema: JsonSchema) => boolean,
): boolean {
  if (!schema) return false;
  if (test(schema)) return true;
  return partsOf(schema).some((part) => someSchema(part, test));
}

function partsOf(schema: JsonSchema): JsonSchema[] {
  const { items, allOf, anyOf, oneOf, not, additionalItems, dependencies } = schema;
  const maps = [schema.properties, schema.patternProperties, schema.definitions];
  const parts: (JsonSchema | boolean | string[] | null | undefined)[] = [
    ...(Array.isArray(items) ? items : [items]),
    ...(allOf ?? []),
    ...(anyOf ?? []),
    ...(oneOf ?? []),
    not,
    ...maps.flatMap((map) => Object.values(map ?? {})),
    schema.additionalProperties,
    additionalItems,
    ...Object.values(dependencies ?? {}),
  ];
  return parts.filter((part): part is JsonSchema =>
    typeof part === "object" && part !== null && !Array.isArray(part)
  );
}

/** `a.b`, or `b` at the root: the path of a field. */
export function fieldPath(parent: string, name: string): string {
  return parent === "" ? name : `${parent}.${name}`;
}

/** The fields that every resource has, embedded ones included. */
export const metaFields: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata"]);

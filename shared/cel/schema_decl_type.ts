import {
  declBool,
  declDouble,
  type DeclField,
  declInt,
  declList,
  declMap,
  declObject,
  declScalar,
  declString,
  type DeclType,
} from "./types/decl_type.ts";
import { bytesType, durationType, dynType, stringType, timestampType } from "./types/cel_type.ts";
import { escape } from "./types/escape.ts";
import { MAX_REQUEST_BYTES } from "./limits.ts";

/** An OpenAPI v3 schema, as far as expressions care: that of a custom resource, or of a built-in kind. */
export interface CelSchema {
  readonly type?: string | undefined;
  readonly format?: string | undefined;
  readonly items?: CelSchema | readonly CelSchema[] | undefined;
  readonly properties?: Readonly<Record<string, CelSchema>> | undefined;
  readonly additionalProperties?: CelSchema | boolean | undefined;
  readonly required?: readonly string[] | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly default?: unknown;
  readonly nullable?: boolean | undefined;
  readonly maxLength?: number | undefined;
  readonly maxItems?: number | undefined;
  readonly maxProperties?: number | undefined;
  readonly "x-kubernetes-int-or-string"?: boolean | undefined;
  readonly "x-kubernetes-embedded-resource"?: boolean | undefined;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean | undefined;
  readonly "x-kubernetes-list-type"?: string | undefined;
  readonly "x-kubernetes-list-map-keys"?: readonly string[] | undefined;
}

/**
 * The type of the values that `schema` allows, or undefined if expressions cannot see them (no type, an array without
 * items). `root`: the object is a resource, so apiVersion, kind, metadata.name and metadata.generateName are there
 * whatever the schema says.
 */
export function schemaDeclType(schema: CelSchema, root = false): DeclType | undefined {
  if (schema["x-kubernetes-int-or-string"]) return intOrString(schema);
  const known = root ? withObjectMeta(schema) : schema;
  switch (known.type) {
    case "array":
      return arrayType(known);
    case "object":
      return objectType(known);
    case "string":
      return textType(known);
    case "boolean":
      return declBool;
    case "number":
      return declDouble;
    case "integer":
      return declInt;
    default:
      return undefined;
  }
}

/** The schema of a resource with the fields that every resource has. */
export function withObjectMeta(schema: CelSchema): CelSchema {
  const text: CelSchema = { type: "string" };
  const { kind, apiVersion, metadata } = schema.properties ?? {};
  const inner = metadata?.properties ?? {};
  const complete = kind?.type === "string" && apiVersion?.type === "string" &&
    metadata?.type === "object" && inner.name?.type === "string" &&
    inner.generateName?.type === "string";
  if (complete) return schema;
  return {
    ...schema,
    type: "object",
    properties: {
      ...schema.properties,
      kind: text,
      apiVersion: text,
      metadata: { type: "object", properties: { name: text, generateName: text } },
    },
  };
}

/** The schema of the items of a list. */
export function itemsOf(schema: CelSchema): CelSchema | undefined {
  return Array.isArray(schema.items) ? undefined : schema.items as CelSchema | undefined;
}

/** The schema of the values of a map. */
export function valuesOf(schema: CelSchema): CelSchema | undefined {
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
}

/** Unions of a number and a string are checked when they are evaluated. */
function intOrString(schema: CelSchema): DeclType {
  return declScalar("dyn", dynType, {
    min: 1,
    max: schema.maxLength === undefined ? MAX_REQUEST_BYTES - 2 : bytesOf(schema.maxLength),
  });
}

function arrayType(schema: CelSchema): DeclType | undefined {
  const items = itemsOf(schema);
  const element = items && schemaDeclType(items, items["x-kubernetes-embedded-resource"]);
  if (!element) return undefined;
  const most = Math.floor((MAX_REQUEST_BYTES - 2) / (element.minSerializedSize + 1));
  return declList(element, schema.maxItems === undefined ? most : Math.max(schema.maxItems, 0));
}

function objectType(schema: CelSchema): DeclType | undefined {
  const values = valuesOf(schema);
  if (!values) return structOf(schema);
  const element = schemaDeclType(values, values["x-kubernetes-embedded-resource"]);
  if (!element) return undefined;
  // A key takes 2 bytes, quotes, colon and comma 4 more.
  const most = Math.floor((MAX_REQUEST_BYTES - 2) / (element.minSerializedSize + 6));
  const limit = schema.maxProperties;
  return declMap(declString, element, limit === undefined ? most : Math.max(limit, 0));
}

function structOf(schema: CelSchema): DeclType {
  const required = new Set(schema.required);
  const fields: DeclField[] = [];
  let size = 2;
  for (const [property, value] of Object.entries(schema.properties ?? {})) {
    const type = schemaDeclType(value, value["x-kubernetes-embedded-resource"]);
    if (!type) continue;
    const name = escape(property);
    if (name !== undefined) fields.push({ name, type, required: required.has(property) });
    if (required.has(property) && (value.default === undefined || value.default === null)) {
      size += new TextEncoder().encode(property).length + type.minSerializedSize + 4;
    }
  }
  return declObject("object", fields, size);
}

function textType(schema: CelSchema): DeclType {
  const { format, maxLength } = schema;
  const longest = MAX_REQUEST_BYTES - 2;
  if (format === "byte") {
    const max = maxLength === undefined ? longest : Math.max(maxLength, 0);
    return declScalar("bytes", bytesType, { min: 2, max });
  }
  if (format === "duration") return declScalar("duration", durationType, { min: 3, max: 32 });
  if (format === "date") return declScalar("timestamp", timestampType, { min: 12, max: 12 });
  if (format === "date-time") return declScalar("timestamp", timestampType, { min: 21, max: 32 });
  return declScalar("string", stringType, { min: 2, max: textLimit(schema, longest) });
}

function textLimit(schema: CelSchema, longest: number): number {
  if (schema.maxLength !== undefined) return bytesOf(schema.maxLength);
  if (!schema.enum?.length) return longest;
  const encoder = new TextEncoder();
  return Math.max(
    0,
    ...schema.enum.map((one) => typeof one === "string" ? encoder.encode(one).length : 0),
  );
}

/** A length is in characters, of up to 4 bytes each. */
function bytesOf(maxLength: number): number {
  return Math.max(maxLength, 0) * 4;
}

import { type FieldError, forbidden, invalid, required } from "../../meta/field_error.ts";
import { compilePattern } from "./pattern.ts";
import { validateCompleteness } from "./completeness.ts";
import { additionalOf, hasAdditional, itemsOf, type JsonSchema } from "./json_schema.ts";

/** Where a schema stands: the sentences for a missing type differ. */
type Level = "root" | "item" | "field";

/**
 * Why a schema cannot be read as a structural one at all, in the reference's words; undefined if it can. The keywords
 * named have no meaning in custom resources.
 */
export function structuralObstacle(schema: JsonSchema | undefined): string | undefined {
  if (!schema) return undefined;
  const unsupported = unsupportedKeyword(schema);
  if (unsupported) return `OpenAPIV3Schema '${unsupported}' is not supported`;
  if (schema["x-kubernetes-preserve-unknown-fields"] === false) {
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined";
  }
  if (Array.isArray(schema.items)) {
    return "OpenAPIV3Schema 'items' must be a schema, but is an array";
  }
  const { allOf = [], anyOf = [], oneOf = [], not, properties = {} } = schema;
  const parts = [not, ...allOf, ...anyOf, ...oneOf, itemsOf(schema), ...Object.values(properties)];
  for (const part of [...parts, additionalOf(schema)]) {
    const obstacle = structuralObstacle(part);
    if (obstacle) return obstacle;
  }
  return undefined;
}

function unsupportedKeyword(schema: JsonSchema): string | undefined {
  const has = (value: object | undefined) => Object.keys(value ?? {}).length > 0;
  if (schema.id) return "id";
  if (schema.$schema) return "schema";
  if (schema.$ref) return "$ref";
  if (has(schema.patternProperties)) return "patternProperties";
  if (has(schema.dependencies)) return "dependencies";
  if (schema.additionalItems !== undefined) return "additionalItems";
  if (has(schema.definitions)) return "definitions";
  return undefined;
}

/**
 * The rules of structural schemas (KEP-1693, "structural schemas"): a type for every field, and no structure inside
 * `allOf`, `anyOf`, `oneOf` and `not`. The schema has no `structuralObstacle`. Sorted by their texts.
 */
export function validateStructural(path: string, schema: JsonSchema): readonly FieldError[] {
  const errors: FieldError[] = [];
  validateInvariants(schema, "root", path, errors);
  validateCompleteness(schema, path, errors);
  return errors.sort((a, b) => compare(textOf(a), textOf(b)));
}

function textOf({ path, message }: FieldError): string {
  return `${path}: ${message}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function validateInvariants(
  schema: JsonSchema,
  level: Level,
  path: string,
  errors: FieldError[],
): void {
  const items = itemsOf(schema);
  if (schema.type === "array" && !items) {
    errors.push(required(`${path}.items`, "must be specified"));
  }
  if (items) validateInvariants(items, "item", `${path}.items`, errors);
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    validateInvariants(property, "field", `${path}.properties[${key}]`, errors);
  }
  if (hasAdditional(schema)) {
    const at = `${path}.additionalProperties`;
    if (level === "root") errors.push(forbidden(at, "must not be used at the root"));
    const additional = additionalOf(schema);
    if (additional) validateInvariants(additional, "field", at, errors);
  }
  validateExtensions(schema, path, errors);
  const skips = { anyOf: isIntOrString(schema.anyOf), firstAllOf: isIntOrStringAllOf(schema) };
  validateValueRules(schema, skips, path, errors);
  validateType(schema, level, path, errors);
  validateResourceFields(schema, level, path, errors);
}

function validateExtensions(schema: JsonSchema, path: string, errors: FieldError[]): void {
  if (!schema["x-kubernetes-int-or-string"]) return;
  const detail = "must be false if x-kubernetes-int-or-string is true";
  for (
    const field of [
      "x-kubernetes-preserve-unknown-fields",
      "x-kubernetes-embedded-resource",
    ] as const
  ) {
    if (schema[field]) errors.push(invalid(`${path}.${field}`, true, detail));
  }
}

const missingType: Readonly<Record<Level, string>> = {
  root: "must not be empty at the root",
  item: "must not be empty for specified array items",
  field: "must not be empty for specified object fields",
};

function validateType(schema: JsonSchema, level: Level, path: string, errors: FieldError[]): void {
  const { type } = schema;
  const isEmbedded = schema["x-kubernetes-embedded-resource"];
  const at = `${path}.type`;
  if (isEmbedded && type !== "object") {
    const detail = "must be object if x-kubernetes-embedded-resource is true";
    errors.push(type ? invalid(at, type, detail) : required(at, detail));
  } else if (
    !type && !schema["x-kubernetes-int-or-string"] &&
    !schema["x-kubernetes-preserve-unknown-fields"]
  ) errors.push(required(at, missingType[level]));
  if (isEmbedded && hasAdditional(schema)) {
    const detail = "must not be used if x-kubernetes-embedded-resource is set";
    errors.push(forbidden(`${path}.additionalProperties`, detail));
  }
  if (level === "root" && type && type !== "object") {
    errors.push(invalid(at, type, "must be object at the root"));
  }
}

/** What a schema may say of the fields that every resource has. */
function validateResourceFields(
  schema: JsonSchema,
  level: Level,
  path: string,
  errors: FieldError[],
): void {
  const isEmbedded = schema["x-kubernetes-embedded-resource"] ?? false;
  const isResource = level === "root" || isEmbedded;
  const properties = schema.properties ?? {};
  for (const name of isResource ? ["kind", "apiVersion"] : []) {
    const { type = "" } = properties[name] ?? { type: "string" };
    if (type === "string") continue;
    errors.push(invalid(`${path}.properties[${name}].type`, type, "must be string"));
  }
  if (Object.hasOwn(properties, "metadata")) {
    validateMetadata(
      properties.metadata!,
      { isResource, level },
      `${path}.properties[metadata]`,
      errors,
    );
  }
  const isOpen = schema["x-kubernetes-preserve-unknown-fields"];
  if (isEmbedded && !isOpen && Object.keys(properties).length === 0) {
    const detail =
      "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
    errors.push(required(`${path}.properties`, detail));
  }
}

function validateMetadata(
  schema: JsonSchema,
  { isResource, level }: { readonly isResource: boolean; readonly level: Level },
  path: string,
  errors: FieldError[],
): void {
  const { type = "", properties = {}, default: _default, ...rest } = schema;
  if (isResource && type !== "object") {
    errors.push(invalid(`${path}.type`, type, "must be object"));
  }
  if (level !== "root") return;
  const onlyNames = Object.keys(properties).every((name) =>
    name === "name" || name === "generateName"
  );
  if (onlyNames && Object.keys(rest).length === 0) return;
  const detail =
    "must not specify anything other than name and generateName, but metadata is implicitly specified";
  errors.push(forbidden(path, detail));
}

/** `anyOf: [{type: integer}, {type: string}]`: the one place where a type is allowed inside. */
function isIntOrString(anyOf: readonly JsonSchema[] | undefined): boolean {
  const isOnlyType = (schema: JsonSchema | undefined, type: string) =>
    schema?.type === type && Object.keys(schema).length === 1;
  return anyOf?.length === 2 && isOnlyType(anyOf[0], "integer") && isOnlyType(anyOf[1], "string");
}

function isIntOrStringAllOf({ allOf }: JsonSchema): boolean {
  return isIntOrString(allOf?.[0]?.anyOf);
}

interface Skips {
  readonly anyOf: boolean;
  readonly firstAllOf: boolean;
}

const none: Skips = { anyOf: false, firstAllOf: false };

function validateValueRules(
  schema: JsonSchema,
  skips: Skips,
  path: string,
  errors: FieldError[],
): void {
  const { anyOf = [], allOf = [], oneOf = [], not, pattern } = schema;
  if (!skips.anyOf) {
    anyOf.forEach((part, i) => validateNested(part, none, `${path}.anyOf[${i}]`, errors));
  }
  allOf.forEach((part, i) => {
    const anyOf = skips.firstAllOf && i === 0;
    validateNested(part, { anyOf, firstAllOf: false }, `${path}.allOf[${i}]`, errors);
  });
  oneOf.forEach((part, i) => validateNested(part, none, `${path}.oneOf[${i}]`, errors));
  if (not) validateNested(not, none, `${path}.not`, errors);
  if (!pattern) return;
  const { problem } = compilePattern(pattern);
  if (problem === undefined) return;
  const detail = `must be a valid regular expression, but isn't: ${problem}`;
  errors.push(invalid(`${path}.pattern`, pattern, detail));
}

/** What may only be said once, in the structure, and not inside a logical keyword; with its sentence. */
const structureOnly: readonly (readonly [keyof JsonSchema, string])[] = [
  ["type", "must be empty to be structural"],
  ["additionalProperties", "must be undefined to be structural"],
  ["default", "must be undefined to be structural"],
  ["title", "must be empty to be structural"],
  ["description", "must be empty to be structural"],
  ["nullable", "must be false to be structural"],
  ["x-kubernetes-preserve-unknown-fields", "must be false to be structural"],
  ["x-kubernetes-embedded-resource", "must be false to be structural"],
  ["x-kubernetes-int-or-string", "must be false to be structural"],
  ["x-kubernetes-list-map-keys", "must be empty to be structural"],
  ["x-kubernetes-list-type", "must be undefined to be structural"],
  ["x-kubernetes-map-type", "must be undefined to be structural"],
  ["x-kubernetes-validations", "must be empty to be structural"],
];

function validateNested(
  schema: JsonSchema,
  skips: Skips,
  path: string,
  errors: FieldError[],
): void {
  validateValueRules(schema, skips, path, errors);
  const items = itemsOf(schema);
  if (items) validateNested(items, none, `${path}.items`, errors);
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    validateNested(property, none, `${path}.properties[${key}]`, errors);
  }
  for (const [field, detail] of structureOnly) {
    const value = schema[field];
    const isSet = Array.isArray(value) ? value.length > 0 : Boolean(value);
    // A default of false or 0 is one as well.
    if (isSet || (field === "default" && value !== undefined && value !== null)) {
      errors.push(forbidden(`${path}.${field}`, detail));
    }
  }
  if (schema.properties && Object.hasOwn(schema.properties, "metadata")) {
    const detail = "must not be specified in a nested context";
    errors.push(forbidden(`${path}.properties[metadata]`, detail));
  }
}

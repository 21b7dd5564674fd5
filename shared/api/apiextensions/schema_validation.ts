import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../meta/field_error.ts";
import { validateDefaults } from "../../schema/structural/default_rules.ts";
import { resolveField } from "../../schema/structural/field_reference.ts";
import { additionalOf, itemsOf, metaFields } from "../../schema/structural/json_schema.ts";
import {
  structuralObstacle,
  validateStructural,
} from "../../schema/structural/structural_rules.ts";
import { showSchema } from "./internal_spec.ts";
import { validateListKeywords } from "./list_keyword_validation.ts";
import type { RuleChecker, RuleScope } from "./rule_checker.ts";
import type { JSONSchemaProps, ValidationRule } from "./v1/types.gen.ts";

/** How strict to be: what was stored under laxer rules may stay. */
export interface SchemaOptions {
  /** Only the types of OpenAPI. */
  readonly validTypes: boolean;
  readonly structural: boolean;
  readonly prunedDefaults: boolean;
  readonly atomicSets: boolean;
  readonly keyedLists: boolean;
  /** Judges `x-kubernetes-validations`. */
  readonly rules: RuleChecker;
}

/** Keywords that the root may have besides a status subresource: those that say nothing of the status. */
const allowedAtRoot = [
  "Description",
  "Type",
  "Format",
  "Title",
  "Maximum",
  "ExclusiveMaximum",
  "Minimum",
  "ExclusiveMinimum",
  "MaxLength",
  "MinLength",
  "Pattern",
  "MaxItems",
  "MinItems",
  "UniqueItems",
  "MultipleOf",
  "Required",
  "Items",
  "Properties",
  "ExternalDocs",
  "Example",
  "XPreserveUnknownFields",
  "XValidations",
];

/** The schema of one version, or of all. `path` leads to what holds `openAPIV3Schema`. */
export function validateSchema(
  schema: JSONSchemaProps | undefined,
  path: string,
  { hasStatus, ...options }: SchemaOptions & { readonly hasStatus: boolean },
): FieldError[] {
  if (!schema) return [];
  const at = `${path}.openAPIV3Schema`;
  const errors: FieldError[] = hasStatus ? validateRoot(schema, at) : [];
  if (schema.nullable) {
    errors.push(forbidden(`${at}.nullable`, "nullable cannot be true at the root"));
  }
  let obstacle: string | undefined;
  let scope: RuleScope | undefined;
  if (options.structural) {
    obstacle = structuralObstacle(schema);
    if (obstacle === undefined) {
      const found = validateStructural(at, schema);
      const structural = found.length > 0 ? found : validateDefaults(at, schema, {
        pruned: options.prunedDefaults,
        rules: options.rules.validateDefault,
      });
      errors.push(...structural);
      if (structural.length === 0) scope = options.rules.begin(schema);
    }
  }
  const walk = new SchemaWalk(options);
  walk.visit(schema, at, { isRoot: true, inMetadata: false }, scope);
  errors.push(...walk.schemaErrors, ...walk.ruleErrors);
  if (errors.length === 0 && obstacle) errors.push(invalid(at, "", obstacle));
  errors.push(...scope?.totalErrors(at) ?? []);
  return errors;
}

/** The first keyword, in the order of the reference, that the root may not have. */
function validateRoot(schema: JSONSchemaProps, path: string): FieldError[] {
  const shown = showSchema(schema) as Record<string, unknown>;
  for (const [name, value] of Object.entries(shown)) {
    if (value === null || value === "" || value === false) continue;
    if (name === "Type") {
      if (value === "object") continue;
      const detail =
        `only "object" is allowed as the type at the root of the schema if the status subresource is enabled`;
      return [invalid(`${path}.type`, value, detail)];
    }
    if (allowedAtRoot.includes(name)) continue;
    const names = `[${allowedAtRoot.join(" ")}]`;
    const detail =
      `only ${names} fields are allowed at the root of the schema if the status subresource is enabled`;
    return [invalid(path, shown, detail)];
  }
  return [];
}

/** Where the walk is. */
interface Position {
  readonly isRoot: boolean;
  /** Within apiVersion, kind or metadata of a resource. */
  readonly inMetadata: boolean;
  /** Why there may be no default here. */
  readonly noDefaults?: string;
  /** The part above whose old and new values cannot be told apart, so that rules may not compare them. */
  readonly uncorrelated?: string;
}

class SchemaWalk {
  readonly schemaErrors: FieldError[] = [];
  readonly ruleErrors: FieldError[] = [];
  readonly #options: SchemaOptions;

  constructor(options: SchemaOptions) {
    this.#options = options;
  }

  visit(
    schema: JSONSchemaProps | undefined,
    path: string,
    position: Position,
    scope: RuleScope | undefined,
  ): void {
    if (!schema) return;
    const before = this.schemaErrors.length;
    this.schemaErrors.push(...validateKeywords(schema, path, position, this.#options));
    this.#visitParts(schema, path, { ...position, isRoot: false }, position.isRoot, scope);
    if (schema["x-kubernetes-preserve-unknown-fields"] === false) {
      const at = `${path}.x-kubernetes-preserve-unknown-fields`;
      this.schemaErrors.push(invalid(at, false, "must be true or undefined"));
    }
    const { atomicSets, keyedLists } = this.#options;
    const options = { atomicSets, keyed: keyedLists };
    this.schemaErrors.push(...validateListKeywords(schema, path, options));
    const rules = schema["x-kubernetes-validations"] ?? [];
    rules.forEach((rule, i) => {
      const at = `${path}.x-kubernetes-validations[${i}]`;
      this.schemaErrors.push(...validateRule(rule, schema, at));
    });
    // Rules are compiled against types, which a faulty schema does not give.
    if (rules.length === 0 || !scope || this.schemaErrors.length > before) return;
    this.ruleErrors.push(...scope.validate(`${path}.x-kubernetes-validations`, {
      uncorrelated: position.uncorrelated,
    }));
  }

  #visitParts(
    schema: JSONSchemaProps,
    path: string,
    position: Position,
    isRoot: boolean,
    scope: RuleScope | undefined,
  ): void {
    this.#visitAdditional(schema, path, position, scope);
    const isResource = isRoot || schema["x-kubernetes-embedded-resource"];
    const mapType = schema["x-kubernetes-map-type"];
    const correlates = mapType === undefined || mapType === "granular" || mapType === "atomic";
    for (const [key, property] of Object.entries(schema.properties ?? {})) {
      const inMetadata = position.inMetadata || (isResource && metaFields.has(key));
      this.visit(property, `${path}.properties[${key}]`, {
        ...(correlates ? position : uncorrelated(position, path)),
        inMetadata: inMetadata ?? false,
        ...(isRoot && metaFields.has(key) && { noDefaults: `in top-level ${key}` }),
      }, scope?.property(key));
    }
    this.visit(schema.not, `${path}.not`, position, undefined);
    for (const keyword of ["allOf", "oneOf", "anyOf"] as const) {
      schema[keyword]?.forEach((part, i) =>
        this.visit(part, `${path}.${keyword}[${i}]`, position, undefined)
      );
    }
    for (const [key, part] of Object.entries(schema.definitions ?? {})) {
      this.visit(part, `${path}.definitions[${key}]`, position, undefined);
    }
    const isMap = schema["x-kubernetes-list-type"] === "map";
    const inside = isMap ? position : uncorrelated(position, path);
    this.visit(itemsOf(schema), `${path}.items`, inside, scope?.items());
    if (Array.isArray(schema.items)) {
      schema.items.forEach((part, i) => this.visit(part, `${path}.items[${i}]`, inside, undefined));
    }
    for (const [key, part] of Object.entries(schema.dependencies ?? {})) {
      if (Array.isArray(part)) continue;
      this.visit(part, `${path}.dependencies[${key}]`, position, undefined);
    }
  }

  #visitAdditional(
    schema: JSONSchemaProps,
    path: string,
    position: Position,
    scope: RuleScope | undefined,
  ): void {
    const { additionalProperties } = schema;
    if (additionalProperties === undefined) return;
    const at = `${path}.additionalProperties`;
    const hasProperties = Object.keys(schema.properties ?? {}).length > 0;
    if (hasProperties && additionalProperties !== true) {
      const detail = "additionalProperties and properties are mutual exclusive";
      this.schemaErrors.push(forbidden(at, detail));
    }
    const noDefaults = "inside additionalProperties applying to object metadata";
    this.visit(additionalOf(schema), at, {
      ...position,
      ...(position.inMetadata && { noDefaults }),
    }, scope?.additional());
  }
}

function uncorrelated(position: Position, path: string): Position {
  return { ...position, uncorrelated: position.uncorrelated ?? path };
}

const types = ["array", "boolean", "integer", "number", "object", "string"];

/** Keywords of JSON Schema that custom resources do not have. */
function validateKeywords(
  schema: JSONSchemaProps,
  path: string,
  { inMetadata, noDefaults }: Position,
  { validTypes }: SchemaOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  const { type, default: standard } = schema;
  const refuse = (field: string, detail: string) =>
    errors.push(forbidden(`${path}.${field}`, detail));
  if (validTypes && type && !types.includes(type)) {
    errors.push(notSupported(`${path}.type`, type, types));
  }
  if (standard !== undefined && standard !== null && noDefaults !== undefined) {
    refuse("default", `must not be set ${noDefaults}`);
  }
  if (schema.id) refuse("id", "id is not supported");
  const isGiven = (map: object | undefined) => Object.keys(map ?? {}).length > 0;
  if (schema.additionalItems !== undefined) {
    refuse("additionalItems", "additionalItems is not supported");
  }
  if (isGiven(schema.patternProperties)) {
    refuse("patternProperties", "patternProperties is not supported");
  }
  if (isGiven(schema.definitions)) refuse("definitions", "definitions is not supported");
  if (schema.dependencies) refuse("dependencies", "dependencies is not supported");
  if (schema.$ref !== undefined) refuse("$ref", "$ref is not supported");
  if (type === "null") refuse("type", "type cannot be set to null, use nullable as an alternative");
  if (Array.isArray(schema.items) && schema.items.length > 0) {
    refuse("items", "items must be a schema object and not an array");
  }
  if (inMetadata && schema["x-kubernetes-embedded-resource"]) {
    refuse("x-kubernetes-embedded-resource", "must not be used inside of resource meta");
  }
  if (schema.uniqueItems) {
    const detail =
      "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
    refuse("uniqueItems", detail);
  }
  return errors;
}

const reasons = [
  "FieldValueDuplicate",
  "FieldValueForbidden",
  "FieldValueInvalid",
  "FieldValueRequired",
];

/** What a rule says besides its expressions. */
function validateRule(rule: ValidationRule, schema: JSONSchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { message = "", messageExpression = "", reason, fieldPath = "" } = rule;
  const text = (rule.rule ?? "").trim();
  if (text === "") errors.push(required(`${path}.rule`, "rule is not specified"));
  else if (message !== "" && message.trim() === "") {
    errors.push(invalid(`${path}.message`, message, "must be non-empty if specified"));
  } else if (hasNewlines(message.trim())) {
    errors.push(invalid(`${path}.message`, message, "must not contain line breaks"));
  } else if (hasNewlines(text) && message.trim() === "") {
    const detail = "message must be specified if rule contains line breaks";
    errors.push(required(`${path}.message`, detail));
  }
  if (messageExpression !== "" && messageExpression.trim() === "") {
    const detail = "messageExpression must be non-empty if specified";
    errors.push(required(`${path}.messageExpression`, detail));
  }
  if (reason !== undefined && !reasons.includes(reason)) {
    errors.push(notSupported(`${path}.reason`, reason, reasons));
  }
  const at = `${path}.fieldPath`;
  if (fieldPath !== "" && fieldPath.trim() === "") {
    errors.push(invalid(at, fieldPath, "must be non-empty if specified"));
  }
  if (hasNewlines(fieldPath)) {
    errors.push(invalid(at, fieldPath, "must not contain line breaks"));
  }
  const isLost = fieldPath !== "" && structuralObstacle(schema) === undefined &&
    typeof resolveField(fieldPath, schema) === "string";
  if (isLost) errors.push(invalid(at, fieldPath, "must be a valid path"));
  return errors;
}

function hasNewlines(text: string): boolean {
  return /[\n\r]/.test(text);
}

import { sameJson } from "../../schema/same_json.ts";
import type {
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from "./v1/types.gen.ts";

/** What versions may have in common. */
const shared = ["schema", "subresources", "additionalPrinterColumns", "selectableFields"] as const;
type Shared = typeof shared[number];

/**
 * A definition as the reference validates it: what all versions have in common stands once, at the top, and is
 * absent from each version; errors name it there.
 */
export interface InternalSpec {
  readonly versions: readonly CustomResourceDefinitionVersion[];
  readonly common: Pick<CustomResourceDefinitionVersion, Shared>;
}

/** Moves what is the same for all versions out of them. */
export function internalSpec(spec: CustomResourceDefinitionSpec): InternalSpec {
  const versions = spec.versions ?? [];
  const [first] = versions;
  if (!first) return { versions, common: {} };
  const same = shared.filter((field) =>
    versions.every((version) => sameJson(version[field], first[field]))
  );
  const common = Object.fromEntries(same.map((field) => [field, first[field]]));
  const rest = versions.map((version) => {
    const own = { ...version };
    for (const field of same) delete own[field];
    return own;
  });
  return { versions: rest, common };
}

/** A version as the reference's messages show it. */
export function showVersion(version: CustomResourceDefinitionVersion): unknown {
  const { schema, subresources, additionalPrinterColumns: columns } = version;
  return {
    Name: version.name,
    Served: version.served ?? false,
    Storage: version.storage ?? false,
    Deprecated: version.deprecated ?? false,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: schema ? { OpenAPIV3Schema: showSchema(schema.openAPIV3Schema) } : null,
    Subresources: subresources
      ? {
        Status: subresources.status ? {} : null,
        Scale: subresources.scale
          ? {
            SpecReplicasPath: subresources.scale.specReplicasPath,
            StatusReplicasPath: subresources.scale.statusReplicasPath,
            LabelSelectorPath: subresources.scale.labelSelectorPath ?? null,
          }
          : null,
      }
      : null,
    AdditionalPrinterColumns: columns?.map((column) => ({
      Name: column.name,
      Type: column.type,
      Format: column.format ?? "",
      Description: column.description ?? "",
      Priority: column.priority ?? 0,
      JSONPath: column.jsonPath,
    })) ?? null,
    SelectableFields: version.selectableFields?.map(({ jsonPath }) => ({ JSONPath: jsonPath })) ??
      null,
  };
}

/** A schema as the reference's messages show it: its own structure, every field named. */
export function showSchema(schema: JSONSchemaProps | undefined): unknown {
  if (!schema) return null;
  const { items, dependencies, externalDocs } = schema;
  const list = (schemas: readonly JSONSchemaProps[] | undefined) =>
    schemas?.map(showSchema) ?? null;
  return {
    ID: schema.id ?? "",
    Schema: schema.$schema ?? "",
    Ref: schema.$ref ?? null,
    Description: schema.description ?? "",
    Type: schema.type ?? "",
    Nullable: schema.nullable ?? false,
    Format: schema.format ?? "",
    Title: schema.title ?? "",
    Default: schema.default ?? null,
    ...showRules(schema),
    Items: items === undefined
      ? null
      : Array.isArray(items)
      ? { Schema: null, JSONSchemas: list(items) }
      : { Schema: showSchema(items), JSONSchemas: null },
    AllOf: list(schema.allOf),
    OneOf: list(schema.oneOf),
    AnyOf: list(schema.anyOf),
    Not: showSchema(schema.not),
    Properties: showMap(schema.properties),
    AdditionalProperties: showOrBool(schema.additionalProperties),
    PatternProperties: showMap(schema.patternProperties),
    Dependencies: dependencies
      ? Object.fromEntries(
        Object.entries(dependencies).map(([key, value]) => [
          key,
          Array.isArray(value)
            ? { Schema: null, Property: value }
            : { Schema: showSchema(value), Property: null },
        ]),
      )
      : null,
    AdditionalItems: showOrBool(schema.additionalItems),
    Definitions: showMap(schema.definitions),
    ExternalDocs: externalDocs
      ? { Description: externalDocs.description ?? "", URL: externalDocs.url ?? "" }
      : null,
    Example: schema.example ?? null,
    ...showExtensions(schema),
  };
}

function showRules(schema: JSONSchemaProps) {
  return {
    Maximum: schema.maximum ?? null,
    ExclusiveMaximum: schema.exclusiveMaximum ?? false,
    Minimum: schema.minimum ?? null,
    ExclusiveMinimum: schema.exclusiveMinimum ?? false,
    MaxLength: schema.maxLength ?? null,
    MinLength: schema.minLength ?? null,
    Pattern: schema.pattern ?? "",
    MaxItems: schema.maxItems ?? null,
    MinItems: schema.minItems ?? null,
    UniqueItems: schema.uniqueItems ?? false,
    MultipleOf: schema.multipleOf ?? null,
    Enum: schema.enum ?? null,
    MaxProperties: schema.maxProperties ?? null,
    MinProperties: schema.minProperties ?? null,
    Required: schema.required ?? null,
  };
}

function showExtensions(schema: JSONSchemaProps) {
  return {
    XPreserveUnknownFields: schema["x-kubernetes-preserve-unknown-fields"] ?? null,
    XEmbeddedResource: schema["x-kubernetes-embedded-resource"] ?? false,
    XIntOrString: schema["x-kubernetes-int-or-string"] ?? false,
    XListMapKeys: schema["x-kubernetes-list-map-keys"] ?? null,
    XListType: schema["x-kubernetes-list-type"] ?? null,
    XMapType: schema["x-kubernetes-map-type"] ?? null,
    XValidations: schema["x-kubernetes-validations"]?.map(showRule) ?? null,
  };
}

/** A rule as the reference's messages show it. */
export function showRule(
  rule: NonNullable<JSONSchemaProps["x-kubernetes-validations"]>[number],
): unknown {
  return {
    Rule: rule.rule,
    Message: rule.message ?? "",
    MessageExpression: rule.messageExpression ?? "",
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? "",
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  };
}

function showMap(schemas: Readonly<Record<string, JSONSchemaProps>> | undefined): unknown {
  if (!schemas) return null;
  return Object.fromEntries(
    Object.entries(schemas).map(([key, schema]) => [key, showSchema(schema)]),
  );
}

function showOrBool(value: JSONSchemaProps | boolean | undefined): unknown {
  if (value === undefined) return null;
  return typeof value === "boolean"
    ? { Allows: value, Schema: null }
    : { Allows: true, Schema: showSchema(value) };
}

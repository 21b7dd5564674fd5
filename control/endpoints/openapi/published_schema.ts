import {
  additionalOf,
  itemsOf,
  type JsonSchema,
} from "../../../shared/schema/structural/json_schema.ts";

/** The forms in which OpenAPI is published. */
export type OpenApiVersion = "v2" | "v3";

type Values = Record<string, unknown>;

const metaPackage = "io.k8s.apimachinery.pkg.apis.meta.v1";

/** A reference to a type of the meta package, e.g. `ObjectMeta`. */
export function metaReference(type: string, version: OpenApiVersion): Values {
  return reference(`${metaPackage}.${type}`, version);
}

/** A reference to a named schema. */
export function reference(name: string, version: OpenApiVersion): Values {
  const folder = version === "v2" ? "#/definitions/" : "#/components/schemas/";
  return { $ref: folder + name };
}

/** As a property: version 3 puts references into `allOf`, beside which other keywords may stand. */
export function referringProperty(type: string, version: OpenApiVersion): Values {
  const to = metaReference(type, version);
  return version === "v2" ? to : { allOf: [to] };
}

/**
 * The schema of a custom resource as it is published: with what every resource has and, for version 2, without
 * what old clients cannot read. undefined: the definition has no schema.
 */
export function publishedSchema(
  schema: JsonSchema | undefined,
  version: OpenApiVersion,
): Values {
  if (!schema) return { type: "object" };
  const isOpen = schema["x-kubernetes-preserve-unknown-fields"];
  if (version === "v2" && isOpen) return { type: "object" };
  const published = publish(schema, version);
  published.properties = {
    ...published.properties as Values | undefined,
    ...typeMeta(),
    metadata: referringProperty("ObjectMeta", version),
  };
  return published;
}

/** apiVersion and kind. */
export function typeMeta(): Values {
  return { apiVersion: { type: "string" }, kind: { type: "string" } };
}

function publish(schema: JsonSchema, version: OpenApiVersion): Values {
  const out: Values = { ...schema };
  const { properties } = schema;
  if (properties) {
    out.properties = Object.fromEntries(
      Object.entries(properties).map(([key, property]) => [key, publish(property, version)]),
    );
  }
  const items = itemsOf(schema);
  if (items) out.items = publish(items, version);
  const additional = additionalOf(schema);
  if (additional) out.additionalProperties = publish(additional, version);
  if (version === "v2") simplify(out, schema);
  else if (schema["x-kubernetes-int-or-string"]) unfold(out, schema);
  const isOpen = schema["x-kubernetes-preserve-unknown-fields"];
  if (schema["x-kubernetes-embedded-resource"] && !(version === "v2" && isOpen)) {
    embed(out, schema, version);
  }
  return out;
}

/** What a value that is a number or a text means to those who do not know the extension. */
function unfold(out: Values, { anyOf, allOf = [] }: JsonSchema): void {
  const either = [{ type: "integer" }, { type: "string" }];
  const says = JSON.stringify(either);
  if (JSON.stringify(anyOf) === says || JSON.stringify(allOf[0]?.anyOf) === says) return;
  if (anyOf) out.allOf = [{ anyOf: either }, ...allOf];
  else out.anyOf = either;
}

function embed(out: Values, { required = [] }: JsonSchema, version: OpenApiVersion): void {
  out.properties = {
    ...out.properties as Values | undefined,
    ...typeMeta(),
    metadata: referringProperty("ObjectMeta", version),
  };
  const missing = ["kind", "apiVersion"].filter((name) => !required.includes(name));
  out.required = [...required, ...missing];
}

/** Version 2 has no logical keywords and no nulls, and kubectl cannot read open objects that declare fields. */
function simplify(out: Values, schema: JsonSchema): void {
  for (const keyword of ["allOf", "oneOf", "anyOf", "not"]) delete out[keyword];
  const isOpen = schema["x-kubernetes-preserve-unknown-fields"];
  if (schema.nullable || isOpen) {
    delete out.items;
    delete out.properties;
  }
  if (schema.nullable) {
    delete out.nullable;
    delete out.type;
  }
  if (out.type === "array" && !out.items) delete out.type;
  if (isOpen && out.type === "object") delete out.type;
  const properties = schema.properties ?? {};
  const required = schema.required?.filter((name) => !properties[name]?.nullable);
  if (additionalOf(schema)?.nullable || required?.length === 0) delete out.required;
  else if (required) out.required = required;
}

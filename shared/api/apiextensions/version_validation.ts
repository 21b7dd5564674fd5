import { duplicate, type FieldError, invalid, required, tooMany } from "../../meta/field_error.ts";
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresources,
  JSONSchemaProps,
  SelectableField,
} from "./v1/types.gen.ts";

const columnTypes = ["boolean", "date", "integer", "number", "string"];
const columnFormats = [
  "byte",
  "date",
  "date-time",
  "double",
  "float",
  "int32",
  "int64",
  "password",
];
const selectableTypes = ["boolean", "integer", "string"];
const MAX_WARNING_LENGTH = 256;
const MAX_SELECTABLE_FIELDS = 8;

/**
 * What the versions of a custom resource say besides their schemas. Errors in what all versions have in common are
 * reported once, under `spec`, the others under `spec.versions[i]`.
 */
export function validateVersions(
  versions: readonly CustomResourceDefinitionVersion[],
): readonly FieldError[] {
  const errors: FieldError[] = [];
  versions.forEach((version, index) => {
    const { deprecated = false, deprecationWarning: warning } = version;
    if (warning === undefined) return;
    const path = `spec.versions[${index}].deprecationWarning`;
    validateWarning(warning, path, deprecated, errors);
  });
  eachDistinct(versions, "subresources", (version, path) => {
    validateScale(version.subresources, `${path}.scale`, errors);
  });
  eachDistinct(versions, "additionalPrinterColumns", (version, path) => {
    version.additionalPrinterColumns?.forEach((column, index) => {
      validateColumn(column, `${path}[${index}]`, errors);
    });
  });
  eachDistinct(versions, "selectableFields", (version, path) => {
    const schema = version.schema?.openAPIV3Schema;
    validateSelectableFields(version.selectableFields ?? [], path, schema, errors);
  });
  return errors;
}

function eachDistinct(
  versions: readonly CustomResourceDefinitionVersion[],
  field: keyof CustomResourceDefinitionVersion,
  visit: (version: CustomResourceDefinitionVersion, path: string) => void,
): void {
  const texts = new Set(versions.map((version) => JSON.stringify(version[field])));
  const [first] = versions;
  if (first && texts.size === 1) visit(first, `spec.${field}`);
  else versions.forEach((version, index) => visit(version, `spec.versions[${index}].${field}`));
}

function validateWarning(
  warning: string,
  path: string,
  deprecated: boolean,
  errors: FieldError[],
): void {
  const fail = (detail: string) => errors.push(invalid(path, warning, detail));
  if (!deprecated) fail("can only be set for deprecated versions");
  if (warning.length > MAX_WARNING_LENGTH) {
    fail(`must be <= ${MAX_WARNING_LENGTH} characters long`);
  }
  if (warning === "") fail("must not be an empty string");
  const index = warning.search(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u);
  if (index >= 0) {
    fail(
      `must only contain printable UTF-8 characters; non-printable character found at index ${index}`,
    );
  }
}

function validateScale(
  subresources: CustomResourceSubresources | undefined,
  path: string,
  errors: FieldError[],
): void {
  const scale = subresources?.scale;
  if (!scale) return;
  const check = (field: keyof typeof scale, roots: readonly string[]) => {
    const value = scale[field];
    const at = `${path}.${field}`;
    if (!value) {
      if (field !== "labelSelectorPath") errors.push(required(at));
      return;
    }
    if (!validateSimplePath(value, at, errors)) return;
    if (roots.some((root) => value.startsWith(`${root}.`))) return;
    const where = roots.length > 1 ? `either ${roots.join(" or ")}` : roots[0];
    errors.push(invalid(at, value, `should be a json path under ${where}`));
  };
  check("specReplicasPath", [".spec"]);
  check("statusReplicasPath", [".status"]);
  check("labelSelectorPath", [".spec", ".status"]);
}

function validateColumn(
  { name, type, format, jsonPath }: CustomResourceColumnDefinition,
  path: string,
  errors: FieldError[],
): void {
  const types = `must be one of ${columnTypes.join(",")}`;
  if (!name) errors.push(required(`${path}.name`));
  if (!type) errors.push(required(`${path}.type`, types));
  else if (!columnTypes.includes(type)) errors.push(invalid(`${path}.type`, type, types));
  if (format && !columnFormats.includes(format)) {
    errors.push(invalid(`${path}.format`, format, `must be one of ${columnFormats.join(",")}`));
  }
  if (!jsonPath) errors.push(required(`${path}.JSONPath`));
  else validateSimplePath(jsonPath, `${path}.JSONPath`, errors);
}

function validateSimplePath(value: string, path: string, errors: FieldError[]): boolean {
  if (value.startsWith(".")) return true;
  errors.push(invalid(path, value, "must be a simple json path starting with ."));
  return false;
}

function validateSelectableFields(
  fields: readonly SelectableField[],
  path: string,
  schema: JSONSchemaProps | undefined,
  errors: FieldError[],
): void {
  if (fields.length > MAX_SELECTABLE_FIELDS) {
    errors.push(tooMany(path, fields.length, MAX_SELECTABLE_FIELDS));
  }
  const seen = new Set<string>();
  fields.forEach(({ jsonPath }, index) => {
    const at = `${path}[${index}].jsonPath`;
    if (!jsonPath) {
      errors.push(required(at));
      return;
    }
    const found = schema && find(schema, jsonPath);
    if (!found) {
      const detail = "is an invalid path: does not refer to a valid field";
      errors.push(invalid(at, jsonPath, detail));
      return;
    }
    if (jsonPath.startsWith(".metadata.") || jsonPath === ".metadata") {
      errors.push(invalid(at, jsonPath, "must not point to fields in metadata"));
    }
    if (!selectableTypes.includes(found.type ?? "")) {
      const detail = "must point to a field of type string, boolean or integer. Enum string " +
        "fields and strings with formats are allowed.";
      errors.push(invalid(at, jsonPath, detail));
    }
    if (seen.has(jsonPath)) errors.push(duplicate(at, jsonPath));
    seen.add(jsonPath);
  });
}

/** The schema of the field at a dotted path. */
function find(schema: JSONSchemaProps, path: string): JSONSchemaProps | undefined {
  if (!path.startsWith(".")) return undefined;
  let at: JSONSchemaProps | undefined = schema;
  for (const name of path.slice(1).split(".")) {
    const properties: Record<string, JSONSchemaProps> | undefined = at?.properties;
    at = properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
  }
  return at;
}

import { duplicate, type FieldError, invalid, required, tooMany } from "../../meta/field_error.ts";
import { resolveField } from "../../schema/structural/field_reference.ts";
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

/** The warning of a deprecated version. */
export function validateDeprecation(
  { deprecated = false, deprecationWarning: warning }: CustomResourceDefinitionVersion,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (warning === undefined) return errors;
  const fail = (detail: string) => errors.push(invalid(path, warning, detail));
  if (!deprecated) {
    fail("can only be set for deprecated versions");
    return errors;
  }
  if (new TextEncoder().encode(warning).length > MAX_WARNING_LENGTH) {
    fail(`must be <= ${MAX_WARNING_LENGTH} characters long`);
  }
  if (warning === "") fail("must not be an empty string");
  const index = warning.search(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u);
  if (index >= 0) {
    fail(
      `must only contain printable UTF-8 characters; non-printable character found at index ${index}`,
    );
  }
  return errors;
}

/** Where the scale subresource finds its numbers. `path` leads to the subresources. */
export function validateSubresources(
  subresources: CustomResourceSubresources | undefined,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const scale = subresources?.scale;
  if (!scale) return errors;
  const check = (field: keyof typeof scale, roots: readonly string[]) => {
    const value = scale[field];
    const at = `${path}.scale.${field}`;
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
  return errors;
}

/** One column of the table that `kubectl get` prints. */
export function validateColumn(
  { name, type, format, jsonPath }: CustomResourceColumnDefinition,
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const types = `must be one of ${columnTypes.join(",")}`;
  if (!name) errors.push(required(`${path}.name`));
  if (!type) errors.push(required(`${path}.type`, types));
  else if (!columnTypes.includes(type)) errors.push(invalid(`${path}.type`, type, types));
  if (format && !columnFormats.includes(format)) {
    errors.push(invalid(`${path}.format`, format, `must be one of ${columnFormats.join(",")}`));
  }
  if (!jsonPath) errors.push(required(`${path}.JSONPath`));
  else validateSimplePath(jsonPath, `${path}.JSONPath`, errors);
  return errors;
}

function validateSimplePath(value: string, path: string, errors: FieldError[]): boolean {
  if (value.startsWith(".")) return true;
  errors.push(invalid(path, value, "must be a simple json path starting with ."));
  return false;
}

/** Fields that clients may select by. `mayExceed`: more than the limit were stored, and nothing changed. */
export function validateSelectableFields(
  fields: readonly SelectableField[],
  path: string,
  { schema, mayExceed = false }: {
    readonly schema: JSONSchemaProps;
    readonly mayExceed?: boolean;
  },
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  fields.forEach(({ jsonPath }, index) => {
    const at = `${path}[${index}].jsonPath`;
    if (!jsonPath) {
      errors.push(required(at));
      return;
    }
    const found = resolveField(jsonPath, schema, { allowsKeys: false });
    if (typeof found === "string") {
      errors.push(invalid(at, jsonPath, `is an invalid path: ${found}`));
      return;
    }
    if (found.root === "metadata") {
      errors.push(invalid(at, jsonPath, "must not point to fields in metadata"));
    }
    if (!selectableTypes.includes(found.schema?.type ?? "")) {
      const detail = "must point to a field of type string, boolean or integer. Enum string " +
        "fields and strings with formats are allowed.";
      errors.push(invalid(at, jsonPath, detail));
    }
    if (seen.has(found.path)) errors.push(duplicate(at, jsonPath));
    seen.add(found.path);
  });
  if (seen.size > MAX_SELECTABLE_FIELDS && !mayExceed) {
    errors.push(tooMany(path, seen.size, MAX_SELECTABLE_FIELDS));
  }
  return errors;
}

/** The limit on selectable fields is not held against those that are stored beyond it. */
export function exceedsSelectableFields(fields: readonly SelectableField[]): boolean {
  return fields.length > MAX_SELECTABLE_FIELDS;
}

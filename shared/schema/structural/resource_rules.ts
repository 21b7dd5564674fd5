import { type FieldError, invalid, required } from "../../meta/field_error.ts";
import { isDns1035Label, isPathSegmentName } from "../../meta/names.ts";
import type { ObjectMeta } from "../../meta/types.gen.ts";
import { validateObjectMeta } from "../../meta/validate_metadata.ts";
import { isObject } from "../json_object.ts";
import { fieldPath } from "./json_schema.ts";
import { type Shape, shapeAt } from "./shape.ts";

type Values = Readonly<Record<string, unknown>>;

/**
 * The rules for resources within a resource: an apiVersion, a kind and metadata of the known form. `isResource`: the
 * value itself is one, too.
 */
export function validateEmbedded(
  shape: Shape,
  value: unknown,
  { path = "", isResource = shape.isResource }: {
    readonly path?: string;
    readonly isResource?: boolean;
  } = {},
): FieldError[] {
  const errors: FieldError[] = [];
  check({ ...shape, isResource }, value, path, errors);
  return errors;
}

function check(shape: Shape | undefined, value: unknown, path: string, errors: FieldError[]): void {
  if (!shape || !(shape.has.resources || shape.isResource)) return;
  if (Array.isArray(value)) {
    value.forEach((item, i) => check(shape.items, item, `${path}[${i}]`, errors));
  } else if (isObject(value)) {
    if (shape.isResource) checkResource(value, path, errors);
    for (const key of Object.keys(value)) {
      const declared = shape.properties.has(key);
      const at = declared ? fieldPath(path, key) : `${path}[${key}]`;
      check(shapeAt(shape, key), value[key], at, errors);
    }
  }
}

function checkResource(value: Values, path: string, errors: FieldError[]): void {
  for (const field of ["apiVersion", "kind"]) {
    if (!Object.hasOwn(value, field)) errors.push(required(fieldPath(path, field)));
  }
  checkApiVersion(value.apiVersion, fieldPath(path, "apiVersion"), errors);
  checkKind(value.kind, fieldPath(path, "kind"), errors);
  if (!isObject(value.metadata)) return;
  const metadata = value.metadata as ObjectMeta;
  errors.push(...validateObjectMeta(
    // An embedded resource need not have a name.
    { ...metadata, name: metadata.name || "fakename" },
    {
      namespaced: Boolean(metadata.namespace),
      validateName: isPathSegmentName,
      path: fieldPath(path, "metadata"),
      qualifiedFinalizers: false,
    },
  ));
}

function checkApiVersion(value: unknown, path: string, errors: FieldError[]): void {
  if (value === undefined) return;
  if (typeof value !== "string") errors.push(invalid(path, value, "must be a string"));
  else if (value === "") errors.push(invalid(path, value, "must not be empty"));
  else if (value.split("/").length > 2) {
    errors.push(invalid(path, value, `unexpected GroupVersion string: ${value}`));
  }
}

function checkKind(value: unknown, path: string, errors: FieldError[]): void {
  if (value === undefined) return;
  if (typeof value !== "string") {
    errors.push(invalid(path, value, "must be a string"));
    return;
  }
  if (value === "") {
    errors.push(invalid(path, value, "must not be empty"));
    return;
  }
  const messages = isDns1035Label(value.toLowerCase());
  if (messages.length === 0) return;
  const detail = `may have mixed case, but should otherwise match: ${messages.join(",")}`;
  errors.push(invalid(path, value, detail));
}

import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
} from "../../meta/field_error.ts";
import { itemsOf, propertyOf } from "../../schema/structural/json_schema.ts";
import type { JSONSchemaProps } from "./v1/types.gen.ts";

/** What `x-kubernetes-list-type`, `-list-map-keys` and `-map-type` may say. */
export function validateListKeywords(
  schema: JSONSchemaProps,
  path: string,
  { atomicSets, keyed }: {
    /** Items of sets must be atomic. */
    readonly atomicSets: boolean;
    /** Keys of list maps must be there in every item. */
    readonly keyed: boolean;
  },
): FieldError[] {
  const errors: FieldError[] = [];
  validateMapType(schema, path, errors);
  validateListType(schema, path, atomicSets, errors);
  validateMapKeys(schema, path, errors);
  if (keyed) errors.push(...validateKeyedItems(schema, path));
  return errors;
}

function validateMapType(schema: JSONSchemaProps, path: string, errors: FieldError[]): void {
  const mapType = schema["x-kubernetes-map-type"];
  if (mapType === undefined) return;
  if (schema.type !== "object") {
    const detail = "must be object if x-kubernetes-map-type is specified";
    errors.push(typeError(schema, path, detail));
  }
  const types = ["atomic", "granular"];
  if (!types.includes(mapType)) {
    errors.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, types));
  }
}

function typeError({ type }: JSONSchemaProps, path: string, detail: string): FieldError {
  return type ? invalid(`${path}.type`, type, detail) : required(`${path}.type`, detail);
}

function validateListType(
  schema: JSONSchemaProps,
  path: string,
  atomicSets: boolean,
  errors: FieldError[],
): void {
  const listType = schema["x-kubernetes-list-type"];
  if (listType === undefined) return;
  if (schema.type !== "array") {
    const detail = "must be array if x-kubernetes-list-type is specified";
    errors.push(typeError(schema, path, detail));
  } else if (atomicSets) errors.push(...validateSetItems(schema, path));
  const types = ["atomic", "set", "map"];
  if (!types.includes(listType)) {
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, types));
  }
}

/** Items of a set are compared whole, so nobody may own a part of one. */
export function validateSetItems(schema: JSONSchemaProps, path: string): FieldError[] {
  const items = itemsOf(schema);
  if (schema["x-kubernetes-list-type"] !== "set" || !items) return [];
  const listType = items["x-kubernetes-list-type"];
  const detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
  if (items.type === "array" && listType !== undefined && listType !== "atomic") {
    return [invalid(`${path}.items.x-kubernetes-list-type`, listType, detail)];
  }
  if (items.type === "object" && items["x-kubernetes-map-type"] !== "atomic") {
    return [invalid(`${path}.items.x-kubernetes-map-type`, listType, detail)];
  }
  return [];
}

function validateMapKeys(schema: JSONSchemaProps, path: string, errors: FieldError[]): void {
  const listType = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  if (keys.length > 0 && listType !== "map") {
    const at = `${path}.x-kubernetes-list-type`;
    const detail = "must be map if x-kubernetes-list-map-keys is non-empty";
    errors.push(listType === undefined ? required(at, detail) : invalid(at, listType, detail));
  }
  if (listType !== "map") return;
  if (keys.length === 0) {
    const detail = "must not be empty if x-kubernetes-list-type is map";
    errors.push(required(`${path}.x-kubernetes-list-map-keys`, detail));
  }
  if (schema.items === undefined) {
    const detail = "must have a schema if x-kubernetes-list-type is map";
    errors.push(required(`${path}.items`, detail));
    return;
  }
  const items = itemsOf(schema);
  if (!items) {
    const detail = "must only have a single schema if x-kubernetes-list-type is map";
    errors.push(invalid(`${path}.items`, schema.items, detail));
  } else if (items.type !== "object") {
    const detail = "must be object if parent array's x-kubernetes-list-type is map";
    errors.push(invalid(`${path}.items.type`, items.type ?? "", detail));
  } else validateKeyNames(items, keys, path, errors);
}

function validateKeyNames(
  items: JSONSchemaProps,
  keys: readonly string[],
  path: string,
  errors: FieldError[],
): void {
  const at = `${path}.x-kubernetes-list-map-keys`;
  keys.forEach((key, i) => {
    const property = propertyOf(items, key);
    if (!property) errors.push(invalid(at, keys, "entries must all be names of item properties"));
    else if (property.type === "array" || property.type === "object") {
      const detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
      errors.push(invalid(`${path}.items.properties[${key}].type`, items.type, detail));
    }
    if (keys.indexOf(key) < i) {
      errors.push(invalid(at, keys, "must not contain duplicate entries"));
    }
  });
}

/** Every item of a list map can be told by its keys, and no item of a map or set is null. */
export function validateKeyedItems(schema: JSONSchemaProps, path: string): FieldError[] {
  const listType = schema["x-kubernetes-list-type"];
  const items = itemsOf(schema);
  if (!items || (listType !== "set" && listType !== "map")) return [];
  const errors: FieldError[] = [];
  if (items.nullable) {
    const detail = `cannot be nullable when x-kubernetes-list-type is ${listType}`;
    errors.push(forbidden(`${path}.items.nullable`, detail));
  }
  if (listType === "set") return errors;
  const is = "this property is in x-kubernetes-list-map-keys, so it";
  for (const key of schema["x-kubernetes-list-map-keys"] ?? []) {
    const property = propertyOf(items, key);
    if (!property) continue;
    const at = `${path}.items.properties[${key}]`;
    const isGiven = items.required?.includes(key) || (property.default ?? undefined) !== undefined;
    if (!isGiven) {
      errors.push(required(`${at}.default`, `${is} must have a default or be a required property`));
    }
    if (property.nullable) errors.push(forbidden(`${at}.nullable`, `${is} cannot be nullable`));
  }
  return errors;
}

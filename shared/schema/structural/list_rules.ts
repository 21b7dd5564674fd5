import { duplicate, type FieldError, invalid } from "../../meta/field_error.ts";
import { isObject } from "../json_object.ts";
import { fieldPath } from "./json_schema.ts";
import { sortedDeep } from "./decoding.ts";
import { type Shape, shapeAt } from "./shape.ts";

/** What `x-kubernetes-list-type` promises: no two equal items in a set, no two with the same keys in a map. */
export function validateListRules(shape: Shape, value: unknown, path = ""): FieldError[] {
  const errors: FieldError[] = [];
  check(shape, value, path, errors);
  return errors;
}

function check(shape: Shape | undefined, value: unknown, path: string, errors: FieldError[]): void {
  if (!shape?.has.listRules) return;
  if (Array.isArray(value)) {
    const type = shape.schema["x-kubernetes-list-type"];
    if (type === "set") {
      for (const i of repeated(value)) errors.push(duplicate(`${path}[${i}]`, value[i]));
    } else if (type === "map") checkKeys(shape, value, path, errors);
    value.forEach((item, i) => check(shape.items, item, `${path}[${i}]`, errors));
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      const declared = shape.properties.has(key);
      const at = declared ? fieldPath(path, key) : `${path}[${key}]`;
      check(shapeAt(shape, key), value[key], at, errors);
    }
  }
}

function checkKeys(
  { schema }: Shape,
  list: readonly unknown[],
  path: string,
  errors: FieldError[],
): void {
  const odd = list.findIndex((item) => item !== null && !isObject(item));
  if (odd >= 0) {
    const detail = "must be an object for an array of list-type map";
    errors.push(invalid(`${path}[${odd}]`, list[odd], detail));
    return;
  }
  const names = schema["x-kubernetes-list-map-keys"] ?? [];
  const keys = list.map((item) => {
    const fields = (item ?? {}) as Record<string, unknown>;
    const given = names.filter((name) => Object.hasOwn(fields, name));
    return Object.fromEntries(given.map((name) => [name, fields[name]]));
  });
  for (const i of repeated(keys)) errors.push(duplicate(`${path}[${i}]`, sortedDeep(keys[i])));
}

/** The index of the second appearance of each value that appears more than once. */
function repeated(values: readonly unknown[]): number[] {
  if (values.length < 2) return [];
  const counts = new Map<string, number>();
  const found: number[] = [];
  values.forEach((value, i) => {
    const text = JSON.stringify(sortedDeep(value));
    const count = (counts.get(text) ?? 0) + 1;
    counts.set(text, count);
    if (count === 2) found.push(i);
  });
  return found;
}

import type { ListNode, ScalarNode, SchemaNode } from "../../../shared/schema/schema.ts";
import { showElement } from "./path_element.ts";
import { asFields, declaredChild, type Fields, itemElement, shapeOf } from "./typed_value.ts";

/**
 * What keeps an applied configuration from being of its type, as the text of the reference's error; undefined if
 * nothing does. Unlike in stored objects, items of list maps and sets may not repeat.
 */
export function typeErrors(object: unknown, schema: SchemaNode): string | undefined {
  const errors: string[] = [];
  check(schema, object, "", errors);
  if (errors.length <= 1) return errors[0];
  return ["errors:", ...errors.map((error) => `  ${error}`)].join("\n");
}

function check(node: SchemaNode, value: unknown, path: string, errors: string[]): void {
  if (value === null || value === undefined) return;
  const fail = (message: string) => void errors.push(path === "" ? message : `${path}: ${message}`);
  switch (node.type) {
    case "scalar": {
      const expected = unexpectedScalar(node, value);
      if (expected) fail(expected);
      return;
    }
    case "list":
      if (Array.isArray(value)) checkItems(node, value, path, errors);
      else fail(`expected list, got &{${show(value)}}`);
      return;
    default: {
      const fields = asFields(value);
      if (fields) checkFields(node, fields, path, errors);
      else fail(`expected map, got &{${show(value)}}`);
    }
  }
}

function checkFields(node: SchemaNode, fields: Fields, path: string, errors: string[]): void {
  for (const [key, value] of Object.entries(fields)) {
    const child = declaredChild(node, key);
    if (child === undefined) {
      // The rest of this object is not looked at, as in the reference.
      errors.push(`${path}.${key}: field not declared in schema`);
      return;
    }
    check(child, value, `${path}.${key}`, errors);
  }
}

function checkItems(list: ListNode, items: readonly unknown[], path: string, errors: string[]) {
  const fail = (message: string) => void errors.push(path === "" ? message : `${path}: ${message}`);
  const isAtomic = shapeOf(list) === "leaf";
  const seen = new Set<string>();
  for (const [i, item] of items.entries()) {
    let shown = `[${i}]`;
    if (!isAtomic) {
      try {
        const element = itemElement(list, item);
        shown = showElement(element);
        if (seen.has(element)) fail(`duplicate entries for key ${shown}`);
        seen.add(element);
      } catch (error) {
        // An item without a name has no path to report more under.
        return fail(`element ${i}: ${(error as TypeError).message}`);
      }
    }
    check(list.items, item, path + shown, errors);
  }
}

function unexpectedScalar(node: ScalarNode, value: unknown): string | undefined {
  switch (node.scalar) {
    case "any":
    case "raw":
    case "intOrString":
      return undefined;
    case "fieldsV1":
      return asFields(value) ? undefined : `expected map, got &{${show(value)}}`;
    case "quantity":
      return typeof value !== "object" ? undefined : `expected any scalar, got &{${show(value)}}`;
    case "bool":
      return typeof value === "boolean" ? undefined : `expected boolean, got &{${show(value)}}`;
    case "int32":
    case "int64":
    case "float64":
      return typeof value === "number"
        ? undefined
        : `expected numeric (int or float), got ${goType(value)}`;
    default:
      return typeof value === "string"
        ? undefined
        : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
  }
}

/** A JSON value as Go's `%v` prints it. */
function show(value: unknown): string {
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(show).join(" ")}]`;
  const fields = asFields(value);
  if (!fields) return String(value);
  return `map[${sortedKeys(fields).map((key) => `${key}:${show(fields[key])}`).join(" ")}]`;
}

/** A JSON value as Go's `%#v` prints it. */
function goSyntax(value: unknown): string {
  if (value === null) return "interface {}(nil)";
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(", ")}}`;
  const fields = asFields(value);
  if (!fields) return JSON.stringify(value);
  const parts = sortedKeys(fields).map((key) => `${JSON.stringify(key)}:${goSyntax(fields[key])}`);
  return `map[string]interface {}{${parts.join(", ")}}`;
}

function goType(value: unknown): string {
  if (typeof value === "string") return "string";
  if (typeof value === "boolean") return "bool";
  return Array.isArray(value) ? "[]interface {}" : "map[string]interface {}";
}

function sortedKeys(fields: Fields): string[] {
  return Object.keys(fields).sort();
}

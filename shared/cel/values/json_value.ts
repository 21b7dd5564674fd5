import { type CelSchema, itemsOf, valuesOf, withObjectMeta } from "../schema_decl_type.ts";
import { escape, unescape } from "../types/escape.ts";
import { equals } from "./compare.ts";
import { elementsOf, listOf } from "./collections.ts";
import { parseTimestamp } from "./time.ts";
import {
  CelError,
  type CelValue,
  isMap,
  type ListValue,
  type MapValue,
  Timestamp,
} from "./value.ts";
import { toDuration } from "./convert.ts";

/** Parsed JSON. */
type Json = unknown;
type JsonObject = Readonly<Record<string, Json>>;

/**
 * A value of parsed JSON where no schema says what it is: whole numbers are ints, other numbers doubles. Objects and
 * lists are read as they are asked for, so that a large object costs nothing; they must not change meanwhile.
 */
export function jsonValue(json: Json): CelValue {
  if (json === undefined || json === null) return null;
  if (typeof json === "number") return Number.isInteger(json) ? BigInt(json) : json;
  if (Array.isArray(json)) {
    return { sort: "list", size: json.length, at: (index) => jsonValue(json[index]) };
  }
  if (typeof json === "object") return plainMap(json as JsonObject);
  return json as string | boolean;
}

function plainMap(json: JsonObject): MapValue {
  return {
    sort: "map",
    get size() {
      return Object.keys(json).length;
    },
    get: (key) =>
      typeof key === "string" && Object.hasOwn(json, key) ? jsonValue(json[key]) : undefined,
    keys: () => Object.keys(json),
  };
}

/**
 * A value of parsed JSON by its schema: names of properties are escaped, texts with a format are timestamps, durations or
 * bytes, lists that are sets or maps compare and join as such. What does not agree with the schema is an error.
 */
export function typedValue(json: Json, schema: CelSchema): CelValue {
  if (json === undefined || json === null) {
    return schema.nullable
      ? null
      : new CelError("invalid data, got null for schema with nullable=false");
  }
  if (schema["x-kubernetes-int-or-string"]) return intOrString(json);
  switch (schema.type) {
    case "object":
      return objectValue(json, schema);
    case "array":
      return listValue(json, schema);
    case "string":
      return typeof json === "string"
        ? formatted(json, schema.format)
        : invalidData("expected string", json);
    case "number":
      return typeof json === "number" ? json : invalidData("expected float", json);
    case "integer":
      return Number.isInteger(json) ? BigInt(json as number) : invalidData("expected int", json);
    case "boolean":
      return typeof json === "boolean" ? json : invalidData("expected bool", json);
    default:
      if (schema["x-kubernetes-preserve-unknown-fields"]) return jsonValue(json);
      return new CelError(
        "invalid type, expected object, array, number, integer, boolean or string, or no type with " +
          "x-kubernetes-int-or-string or x-kubernetes-preserve-unknown-fields is true, got " +
          (schema.type ?? ""),
      );
  }
}

function invalidData(expected: string, json: Json): CelError {
  return new CelError(`invalid data, ${expected}, got ${goType(json)}`);
}

function goType(json: Json): string {
  if (typeof json === "string") return "string";
  if (typeof json === "boolean") return "bool";
  if (typeof json === "number") return Number.isInteger(json) ? "int64" : "float64";
  return Array.isArray(json) ? "[]interface {}" : "map[string]interface {}";
}

function intOrString(json: Json): CelValue {
  if (typeof json === "string") return json;
  if (Number.isInteger(json)) return BigInt(json as number);
  return new CelError(
    "invalid data, expected XIntOrString value to be either a string or integer",
  );
}

function formatted(text: string, format: string | undefined): CelValue {
  switch (format) {
    case "duration": {
      const duration = toDuration(text);
      return duration instanceof CelError ? new CelError(`Invalid duration ${text}`) : duration;
    }
    case "date": {
      const time = parseTimestamp(`${text}T00:00:00Z`);
      return time instanceof Timestamp
        ? time
        : new CelError(`Invalid date formatted string ${text}`);
    }
    case "date-time": {
      const time = parseTimestamp(text.replace(" ", "T").toUpperCase());
      return time instanceof Timestamp
        ? time
        : new CelError(`Invalid date-time formatted string ${text}`);
    }
    case "byte":
      return decodeBase64(text);
    default:
      return text;
  }
}

function decodeBase64(text: string): CelValue {
  try {
    return Uint8Array.fromBase64(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return new CelError(`Invalid byte formatted string ${text}`);
  }
}

function objectValue(json: Json, schema: CelSchema): CelValue {
  if (typeof json !== "object" || Array.isArray(json)) {
    return new CelError("invalid data, expected a map for the provided schema with type=object");
  }
  const value = json as JsonObject;
  if (schema["x-kubernetes-embedded-resource"] || schema.properties) {
    const complete = schema["x-kubernetes-embedded-resource"] ? withObjectMeta(schema) : schema;
    return structValue(value, complete);
  }
  const values = valuesOf(schema);
  return {
    sort: "map",
    get size() {
      return Object.keys(value).length;
    },
    get: (key) =>
      typeof key !== "string"
        ? new CelError("no such overload")
        : values && Object.hasOwn(value, key)
        ? typedValue(value[key], values)
        : undefined,
    keys: () => values ? Object.keys(value) : [],
  };
}

/** An object with properties: a property that is null is not there. */
function structValue(value: JsonObject, { properties = {} }: CelSchema): MapValue {
  return {
    sort: "map",
    get size() {
      return Object.keys(value).length;
    },
    get(key) {
      if (typeof key !== "string") return new CelError("no such overload");
      const property = unescape(key);
      if (property === undefined || !Object.hasOwn(value, property)) return undefined;
      const schema = Object.hasOwn(properties, property) ? properties[property] : undefined;
      const one = value[property];
      return schema && one !== null && one !== undefined ? typedValue(one, schema) : undefined;
    },
    keys: () =>
      Object.keys(value).filter((name) => Object.hasOwn(properties, name)).map((name) =>
        escape(name) ?? name
      ),
  };
}

function listValue(json: Json, schema: CelSchema): CelValue {
  if (!Array.isArray(json)) {
    return new CelError("invalid data, expected an array for the provided schema with type=array");
  }
  const items = itemsOf(schema);
  if (!items) return new CelError("invalid array type, expected Items with a non-empty Schema");
  const plain: ListValue = {
    sort: "list",
    size: json.length,
    at: (index) => typedValue(json[index], items),
  };
  switch (schema["x-kubernetes-list-type"]) {
    case "set":
      return keyedList(plain, (element) => canonical(element));
    case "map": {
      const names = (schema["x-kubernetes-list-map-keys"] ?? []).map((key) => escape(key) ?? key);
      return keyedList(plain, (element) => keyOf(element, names));
    }
    default:
      return plain;
  }
}

/**
 * A list whose elements are told apart by a key: equal whatever the order, and joined with another by replacing those with
 * the same key in place and adding the others behind.
 */
function keyedList(plain: ListValue, key: (element: CelValue) => string): ListValue {
  return {
    ...plain,
    equals(other) {
      if (plain.size !== other.size) return false;
      const own = new Map(elementsOf(plain).map((element) => [key(element), element]));
      const seen = new Set<string>();
      for (const element of elementsOf(other)) {
        const found = own.get(key(element));
        if (found === undefined || !equals(found, element)) return false;
        seen.add(key(element));
      }
      return seen.size === own.size;
    },
    concat(other) {
      const joined = new Map(elementsOf(plain).map((element) => [key(element), element]));
      for (const element of elementsOf(other)) joined.set(key(element), element);
      return listOf([...joined.values()]);
    },
  };
}

function keyOf(element: CelValue, names: readonly string[]): string {
  if (!isMap(element)) return "";
  return JSON.stringify(names.map((name) => canonical(element.get(name) ?? null)));
}

/** A text that equal scalars have in common. */
function canonical(value: CelValue): string {
  if (typeof value === "bigint") return `n${value}`;
  if (typeof value === "string") return `s${value}`;
  if (value instanceof Uint8Array) return `b${value.toBase64()}`;
  if (value instanceof Timestamp) return `t${value.seconds}.${value.nanos}`;
  return `${typeof value}${value}`;
}

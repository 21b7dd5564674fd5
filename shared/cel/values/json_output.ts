import { elementsOf } from "./collections.ts";
import { formatSeconds } from "./text.ts";
import { formatTimestamp } from "./time.ts";
import {
  CelError,
  type CelValue,
  Duration,
  isList,
  isMap,
  OpaqueValue,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
} from "./value.ts";

/** A value that has no form in JSON. */
export class JsonOutputError extends Error {
  override readonly name = "JsonOutputError";
}

/** The JSON that a value stands for. Throws JsonOutputError for types, optionals, opaque values without a text, errors. */
export function toJson(value: CelValue): unknown {
  if (value === null) return null;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object") return value;
  if (value instanceof Uint) return Number(value.value);
  if (value instanceof Uint8Array) return value.toBase64();
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatSeconds(value);
  if (isList(value)) return elementsOf(value).map(toJson);
  if (isMap(value)) {
    const entries = [...value.keys()].map((key) => [String(toJson(key)), toJson(value.get(key)!)]);
    return Object.fromEntries(entries);
  }
  if (value instanceof OpaqueValue && value.asString) return value.asString();
  if (value instanceof CelError) throw new JsonOutputError(value.message);
  const what = value instanceof TypeValue
    ? "type"
    : value instanceof Optional
    ? "optional"
    : "value";
  throw new JsonOutputError(`type conversion error from '${what}' to JSON`);
}

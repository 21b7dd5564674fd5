import { formatDuration, parseDuration } from "../resource/duration.ts";
import { parseQuantity } from "../resource/quantity.ts";
import { QuantityError } from "../resource/quantity_text.ts";
import { normalizeMicroTime, normalizeTime } from "../resource/time.ts";
import { canonicalBase64 } from "./base64.ts";
import { DecodeError } from "./decode_error.ts";
import type { ScalarType } from "./schema.ts";

/**
 * How each scalar is decoded from a value that is not null. undefined: Go's zero time, which is written as null or not at
 * all. Throws TypeMismatch when the JSON type is wrong, and the error of the type's own parser (with the text that the
 * API shows) when the content is.
 */
export const decodeScalar: Readonly<Record<ScalarType, (value: unknown) => unknown>> = {
  string: text,
  bool(value) {
    if (typeof value !== "boolean") throw new TypeMismatch("bool");
    return value;
  },
  int32: (value) => integer(value, "int32", 2 ** 31),
  int64: (value) => integer(value, "int64", 2 ** 63),
  float64(value) {
    if (typeof value !== "number") throw new TypeMismatch("float64");
    return value;
  },
  bytes(value) {
    if (typeof value !== "string") throw new TypeMismatch("[]uint8");
    return canonicalBase64(value);
  },
  quantity(value) {
    if (typeof value !== "string" && typeof value !== "number") {
      throw new QuantityError(parseFailure(String(value)));
    }
    return parseQuantity(value).text;
  },
  time: (value) => normalizeTime(text(value)),
  microTime: (value) => normalizeMicroTime(text(value)),
  duration: (value) => formatDuration(parseDuration(text(value))),
  intOrString: (value) => typeof value === "string" ? value : integer(value, "int32", 2 ** 31),
  fieldsV1: (value) => value,
  raw: (value) => value,
  any: (value) => value,
};

/** What Go writes for a scalar that was not given but must be written. */
export function zeroOfScalar(scalar: ScalarType): unknown {
  switch (scalar) {
    case "string":
      return "";
    case "bool":
      return false;
    case "int32":
    case "int64":
    case "float64":
    case "intOrString":
      return 0;
    case "quantity":
      return "0";
    case "duration":
      return "0s";
    default:
      return null;
  }
}

/** A JSON value of the wrong type; `wanted` is the Go type as messages name it. */
export class TypeMismatch extends DecodeError {
  constructor(
    readonly wanted: string,
    /** Whether the message shows the number itself: it has the right type, but does not fit. */
    readonly showsNumber = false,
  ) {
    super(`cannot unmarshal into ${wanted}`);
  }
}

function text(value: unknown): string {
  if (typeof value !== "string") throw new TypeMismatch("string");
  return value;
}

function integer(value: unknown, type: string, limit: number): number {
  if (typeof value !== "number") throw new TypeMismatch(type);
  if (!Number.isInteger(value) || value >= limit || value < -limit) {
    throw new TypeMismatch(type, true);
  }
  return value;
}

/** The message for a JSON value that is neither a text nor a number. */
function parseFailure(value: string): string {
  try {
    parseQuantity(value);
  } catch (error) {
    if (error instanceof QuantityError) return error.message;
  }
  return "";
}

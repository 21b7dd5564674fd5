import { DurationError, parseDuration } from "../../resource/duration.ts";
import { type CelType, formatType } from "../types/cel_type.ts";
import { durationOf, MAX_INT, MAX_SECONDS, MIN_SECONDS, uintOf } from "./arithmetic.ts";
import { formatDouble, formatSeconds } from "./text.ts";
import { formatTimestamp, parseTimestamp } from "./time.ts";
import { typeOfValue } from "./type_of.ts";
import {
  CelError,
  type CelValue,
  Duration,
  OpaqueValue,
  Timestamp,
  TypeValue,
  Uint,
} from "./value.ts";

/** The error of a value that cannot be made a `to`. */
export function conversionError(value: CelValue, to: string): CelError {
  return new CelError(`type conversion error from '${nameOf(typeOfValue(value))}' to '${to}'`);
}

/** A type as errors of conversions name it. */
function nameOf(type: CelType): string {
  return type.params.length > 0 ? formatType(type) : type.name;
}

export function toInt(value: CelValue): CelValue {
  if (typeof value === "bigint") return value;
  if (value instanceof Uint) {
    return value.value > MAX_INT ? new CelError("integer overflow") : value.value;
  }
  if (typeof value === "number") {
    const whole = Math.trunc(value);
    if (!(value > -(2 ** 63) && value < 2 ** 63)) return new CelError("integer overflow");
    return BigInt(whole);
  }
  if (value instanceof Timestamp) return value.seconds;
  if (value instanceof Duration) return value.nanos;
  if (typeof value === "string" && /^[+-]?[0-9]+$/.test(value) && value.length < 40) {
    const parsed = BigInt(value.replace(/^\+/, ""));
    if (parsed >= -MAX_INT - 1n && parsed <= MAX_INT) return parsed;
  }
  return conversionError(value, "int");
}

export function toUint(value: CelValue): CelValue {
  if (value instanceof Uint) return value;
  if (typeof value === "bigint") return uintOf(value);
  if (typeof value === "number") {
    if (!(value >= 0 && value < 2 ** 64)) return new CelError("unsigned integer overflow");
    return new Uint(BigInt(Math.trunc(value)));
  }
  if (typeof value === "string" && /^[0-9]+$/.test(value) && value.length < 40) {
    const parsed = uintOf(BigInt(value));
    if (parsed instanceof Uint) return parsed;
  }
  return conversionError(value, "uint");
}

const floatText = /^[+-]?(?:inf|infinity|nan|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?)$/i;

export function toDouble(value: CelValue): CelValue {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint) return Number(value.value);
  if (typeof value === "string" && floatText.test(value)) {
    const sign = value.startsWith("-") ? -1 : 1;
    if (/inf/i.test(value)) return sign * Infinity;
    if (/nan/i.test(value)) return NaN;
    const parsed = Number(value);
    if (Number.isFinite(parsed)) return parsed;
  }
  return conversionError(value, "double");
}

const truths = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const falsehoods = new Set(["0", "f", "F", "FALSE", "false", "False"]);

export function toBool(value: CelValue): CelValue {
  if (typeof value === "boolean") return value;
  if (typeof value === "string" && truths.has(value)) return true;
  if (typeof value === "string" && falsehoods.has(value)) return false;
  return conversionError(value, "bool");
}

export function toText(value: CelValue): CelValue {
  if (typeof value === "string") return value;
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "number") return formatDouble(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatSeconds(value);
  if (value instanceof Uint8Array) return decodeText(value);
  if (value instanceof OpaqueValue && value.asString) return value.asString();
  return conversionError(value, "string");
}

function decodeText(bytes: Uint8Array): CelValue {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return new CelError("invalid UTF-8 in bytes, cannot convert to string");
  }
}

export function toBytes(value: CelValue): CelValue {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return new TextEncoder().encode(value);
  return conversionError(value, "bytes");
}

export function toDuration(value: CelValue): CelValue {
  if (value instanceof Duration) return value;
  if (typeof value === "string") {
    try {
      return durationOf(parseDuration(value));
    } catch (error) {
      if (!(error instanceof DurationError)) throw error;
    }
  }
  return conversionError(value, "google.protobuf.Duration");
}

export function toTimestamp(value: CelValue): CelValue {
  if (value instanceof Timestamp) return value;
  if (typeof value === "bigint") {
    if (value < MIN_SECONDS || value > MAX_SECONDS) return new CelError("timestamp overflow");
    return new Timestamp(value, 0);
  }
  if (typeof value === "string") {
    const parsed = parseTimestamp(value);
    if (parsed !== undefined) return parsed;
  }
  return conversionError(value, "google.protobuf.Timestamp");
}

export function toType(value: CelValue): CelValue {
  return new TypeValue(typeOfValue(value));
}

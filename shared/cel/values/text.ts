import { formatTimestamp } from "./time.ts";
import {
  type CelValue,
  Duration,
  isError,
  isList,
  isMap,
  OpaqueValue,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
} from "./value.ts";
import { elementsOf } from "./collections.ts";

/** A double as `string(x)` writes it: the shortest digits, with an exponent below 1e-4 and from 1e6. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (Object.is(value, -0)) return "-0";
  if (value === 0) return "0";
  const [digits, exponentText] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < EXPONENT_FROM) return plainDouble(value);
  const size = String(Math.abs(exponent)).padStart(2, "0");
  return `${digits}e${exponent < 0 ? "-" : "+"}${size}`;
}
/** `%g` with the shortest digits turns to exponents here. */
const EXPONENT_FROM = 6;

/** Without an exponent, however large. */
export function plainDouble(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  const negative = value < 0;
  const [digits = "", exponentText] = Math.abs(value).toExponential().split("e");
  const exponent = Number(exponentText);
  const bare = digits.replace(".", "");
  const plain = exponent >= 0
    ? bare.padEnd(exponent + 1, "0")
    : `0.${"0".repeat(-exponent - 1)}${bare}`;
  return negative ? `-${plain}` : plain;
}

/** A duration as `string(x)` writes it: seconds. */
export function formatSeconds({ nanos }: Duration): string {
  return `${plainDouble(Number(nanos) / 1e9)}s`;
}

/** A value as messages of errors show it. */
export function display(value: CelValue): string {
  if (value === null) return "null";
  if (typeof value === "number") return formatDouble(value);
  if (typeof value !== "object") return String(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatSeconds(value);
  if (value instanceof TypeValue) return value.type.name;
  if (value instanceof Optional) {
    return value.value === undefined ? "optional.none()" : `optional(${display(value.value)})`;
  }
  if (value instanceof OpaqueValue) return value.asString?.() ?? value.type.name;
  if (isError(value)) return value.message;
  if (isList(value)) return `[${elementsOf(value).map(display).join(", ")}]`;
  if (isMap(value)) {
    const entries = [...value.keys()].map((key) => `${display(key)}: ${display(value.get(key)!)}`);
    return `{${entries.join(", ")}}`;
  }
  return "";
}

import { toText } from "../values/convert.ts";
import { elementsOf } from "../values/collections.ts";
import { formatSeconds } from "../values/text.ts";
import { formatTimestamp } from "../values/time.ts";
import { typeOfValue } from "../values/type_of.ts";
import {
  CelError,
  type CelValue,
  Duration,
  isList,
  isMap,
  type ListValue,
  type MapValue,
  Timestamp,
  TypeValue,
  Uint,
} from "../values/value.ts";

/** What one clause of a format asks for. */
export type ClauseKind = "s" | "d" | "f" | "e" | "b" | "x" | "X" | "o";
const kinds: ReadonlySet<string> = new Set("sdfebxXo");
/** Digits behind the point where none are asked for. */
const DEFAULT_PRECISION = 6;
/** The most digits that are written; more would be zeros. */
const MAX_PRECISION = 1_000;

/** A format that cannot be carried out. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

/** A piece of a format: text as it is, or a clause. */
export type Piece = string | { readonly kind: ClauseKind; readonly precision: number | undefined };

/** The pieces of a format, one after the other; throws FormatError where it is none. */
export function* piecesOf(format: string, args: number): Iterable<Piece> {
  let at = 0;
  let index = 0;
  while (at < format.length) {
    const next = format.indexOf("%", at);
    if (next < 0) {
      yield format.slice(at);
      return;
    }
    if (next > at) yield format.slice(at, next);
    at = next + 1;
    if (format[at] === "%") {
      yield "%";
      at++;
      continue;
    }
    if (index >= args) throw new FormatError(`index ${index} out of range`);
    if (at >= format.length) throw new FormatError("unexpected end of string");
    const { kind, precision, length } = clauseAt(format, at);
    yield { kind, precision };
    at += length;
    index++;
  }
}

function clauseAt(format: string, at: number) {
  const parsed = /^\.([0-9]*)/.exec(format.slice(at, at + 32));
  const length = parsed ? parsed[0].length : 0;
  const failed = (why: string) => new FormatError(`could not parse formatting clause: ${why}`);
  let precision: number | undefined;
  if (parsed) {
    const context = "error while parsing precision";
    if (at + length >= format.length) {
      throw failed(`${context}: could not find end of precision specifier`);
    }
    if (parsed[1] === "") {
      const why =
        'error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax';
      throw failed(`${context}: ${why}`);
    }
    precision = Math.min(Number(parsed[1]), MAX_PRECISION);
  }
  const kind = format[at + length]!;
  if (!kinds.has(kind)) throw failed(`unrecognized formatting clause "${kind}"`);
  return { kind: kind as ClauseKind, precision, length: length + 1 };
}

const named: Readonly<Record<ClauseKind, string>> = {
  s: "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps",
  d: "decimal clause can only be used on integers",
  f: "fixed-point clause can only be used on doubles",
  e: "scientific clause can only be used on doubles",
  b: "only integers and bools can be formatted as binary",
  x: "only integers, byte buffers, and strings can be formatted as hex",
  X: "only integers, byte buffers, and strings can be formatted as hex",
  o: "octal clause can only be used on integers",
};

/** The message for a clause that cannot show a type. */
export function clauseMessage(kind: ClauseKind, type: string): string {
  return `error during formatting: ${named[kind]}, was given ${type}`;
}

/** `text.format(args)`. Source: https://pkg.go.dev/github.com/google/cel-go/ext#Strings. */
export function formatText(format: string, args: ListValue): CelValue {
  const parts: string[] = [];
  let index = 0;
  try {
    for (const piece of piecesOf(format, args.size)) {
      if (typeof piece === "string") parts.push(piece);
      else parts.push(formatClause(args.at(index++), piece));
    }
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return new CelError(error.message);
  }
  return parts.join("");
}

function formatClause(value: CelValue, { kind, precision }: Exclude<Piece, string>): string {
  const text = clauseText(value, kind, precision ?? DEFAULT_PRECISION);
  if (text !== undefined) return text;
  throw new FormatError(clauseMessage(kind, typeOfValue(value).name));
}

function clauseText(value: CelValue, kind: ClauseKind, precision: number): string | undefined {
  const whole = typeof value === "bigint" ? value : value instanceof Uint ? value.value : undefined;
  switch (kind) {
    case "s":
      return plainText(value);
    case "d":
      return whole?.toString();
    case "b":
      return typeof value === "boolean" ? (value ? "1" : "0") : whole?.toString(2);
    case "o":
      return whole?.toString(8);
    case "x":
      return whole?.toString(16) ?? hexText(value);
    case "X":
      return (whole?.toString(16) ?? hexText(value))?.toUpperCase();
    case "f":
    case "e": {
      const number = doubleOf(value);
      return number === undefined ? undefined : doubleText(number, kind, precision);
    }
  }
}

function hexText(value: CelValue): string | undefined {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return bytes instanceof Uint8Array ? bytes.toHex() : undefined;
}

function doubleOf(value: CelValue): number | undefined {
  if (typeof value === "number") return value;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  return undefined;
}

/** As numbers are written in English: groups of thousands, an exponent as a power of ten, whose digits are always six. */
function doubleText(value: number, kind: "f" | "e", precision: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  if (kind === "f") return fixedText(value, precision, true);
  const [digits = "", exponent = ""] = value.toExponential(DEFAULT_PRECISION).split("e");
  const size = exponent.replace(/^[+-]/, "").padStart(2, "0");
  const power = superscript(exponent.startsWith("-") ? `-${size}` : size);
  // The reference takes the precision for a width.
  return `${digits}×10${power}`.padStart(precision);
}

/** Rounded to the even digit where both are as near. */
function fixedText(value: number, precision: number, useGrouping = false): string {
  const digits = Math.min(precision, 100);
  return new Intl.NumberFormat("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    roundingMode: "halfEven",
    useGrouping,
  }).format(value);
}

function superscript(text: string): string {
  return text.replace(/[0-9]/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]!).replace("-", "⁻");
}

/** `%s`. */
function plainText(value: CelValue): string | undefined {
  if (value === null) return "null";
  if (isList(value)) return listText(value);
  if (isMap(value)) return mapText(value);
  if (value instanceof TypeValue) return value.type.name;
  const text = toText(value);
  return typeof text === "string" ? text : undefined;
}

/** A value inside a list or map: texts are quoted. */
function nestedText(value: CelValue): string {
  if (typeof value === "string") return goQuote(value);
  if (value instanceof Uint8Array) return `b${goQuote(new TextDecoder().decode(value))}`;
  if (value instanceof Timestamp) return `timestamp(${goQuote(formatTimestamp(value))})`;
  if (value instanceof Duration) return `duration(${goQuote(formatSeconds(value))})`;
  if (typeof value === "number") {
    if (Number.isFinite(value)) return fixedText(value, DEFAULT_PRECISION);
    return goQuote(Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
  }
  const text = plainText(value);
  if (text !== undefined) return text;
  throw new FormatError(
    `error during formatting: no formatting function for ${typeOfValue(value).name}`,
  );
}

function listText(list: ListValue): string {
  return `[${elementsOf(list).map(nestedText).join(", ")}]`;
}

function mapText(map: MapValue): string {
  const entries = [...map.keys()].map((key) => {
    const plain = typeof key === "string" || typeof key === "boolean" || typeof key === "bigint" ||
      key instanceof Uint;
    if (!plain) {
      const type = typeOfValue(key).name;
      throw new FormatError(
        `error during formatting: no formatting function for map key of type ${type}`,
      );
    }
    return [nestedText(key), nestedText(map.get(key)!)] as const;
  });
  entries.sort(([one], [other]) => one < other ? -1 : one > other ? 1 : 0);
  return `{${entries.map(([key, value]) => `${key}:${value}`).join(", ")}}`;
}

function goQuote(text: string): string {
  return JSON.stringify(text);
}

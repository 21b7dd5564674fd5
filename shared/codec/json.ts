import { DecodeError } from "../schema/decode_error.ts";
import { checkJson } from "./json_syntax.ts";
import { scanFields } from "./json_fields.ts";

export interface ParsedJson {
  readonly value: unknown;
  /** Paths of keys given more than once in their object (the last one counts), in document order; at most 100. */
  readonly duplicateFields: string[];
}

/**
 * Deeper values are refused. The reference allows 10,000 levels; what walks a value here is recursive, and no object of
 * the API comes near a hundred.
 */
const maxDepth = 500;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * Parses a JSON body. Invalid UTF-8 becomes U+FFFD, as in Go. Throws DecodeError with Go's text for broken JSON and for
 * nesting beyond 500 levels. The caller bounds the size.
 */
export function parseJson(input: string | Uint8Array): ParsedJson {
  const bytes = typeof input === "string" ? encoder.encode(input) : input;
  const keys = countKeys(bytes);
  let value: unknown;
  try {
    value = JSON.parse(typeof input === "string" ? input : decoder.decode(input));
  } catch (error) {
    throw new DecodeError(checkJson(bytes) ?? "invalid JSON", { cause: error });
  }
  const duplicateFields = keys === countParsedKeys(value) ? [] : findDuplicates(bytes);
  return { value, duplicateFields };
}

/**
 * The texts of a strict decoding error, `duplicate field "data.a"` and `unknown field "spec.foo"`, in document order
 * as the reference gives them. What is inside an unknown field is not looked at.
 */
export function strictErrors(
  input: string | Uint8Array,
  unknownFields: readonly string[],
  duplicateFields: readonly string[],
): string[] {
  const unknownText = (path: string) => `unknown field ${JSON.stringify(path)}`;
  if (duplicateFields.length === 0) return unknownFields.map(unknownText);
  const unknown = new Set(unknownFields);
  const isInUnknown = (path: string) => unknownFields.some((field) => isWithin(path, field));
  const out = new Set<string>();
  const bytes = typeof input === "string" ? encoder.encode(input) : input;
  scanFields(decoder.decode(bytes), (path, isDuplicate) => {
    if (unknown.has(path)) out.add(unknownText(path));
    else if (isDuplicate && !isInUnknown(path)) out.add(`duplicate field ${JSON.stringify(path)}`);
  });
  return [...out];
}

function isWithin(path: string, field: string): boolean {
  return path.startsWith(field) && (path[field.length] === "." || path[field.length] === "[");
}

const maxDuplicates = 100;

function findDuplicates(bytes: Uint8Array): string[] {
  const found = new Set<string>();
  scanFields(decoder.decode(bytes), (path, isDuplicate) => {
    if (isDuplicate && found.size < maxDuplicates) found.add(path);
  });
  return [...found];
}

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;

/** Counts the colons outside strings, one a key, and refuses what is nested too deep. The text may be broken. */
function countKeys(bytes: Uint8Array): number {
  let keys = 0;
  let depth = 0;
  const end = bytes.length;
  for (let i = 0; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === quote) {
      for (i++; i < end && bytes[i] !== quote; i++) if (bytes[i] === backslash) i++;
    } else if (byte === colon) keys++;
    // "[" and "{", then "]" and "}", differ in one bit.
    else if ((byte | 0x20) === 0x7b) {
      if (++depth > maxDepth) {
        throw new DecodeError(
          `invalid character '${String.fromCharCode(byte)}' exceeded max depth`,
        );
      }
    } else if ((byte | 0x20) === 0x7d) depth--;
  }
  return keys;
}

function countParsedKeys(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) count += countParsedKeys(value[i]);
    return count;
  }
  const object = value as Record<string, unknown>;
  for (const key in object) count += 1 + countParsedKeys(object[key]);
  return count;
}

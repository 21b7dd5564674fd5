import { parseJson } from "../codec/json.ts";
import { isObject, setKey } from "../schema/json_object.ts";
import { badPatch } from "./patch_error.ts";

export interface ParsedPatch {
  readonly patch: Readonly<Record<string, unknown>>;
  /** Paths of keys given more than once, for field validation. */
  readonly duplicateFields: readonly string[];
}

/** Reads the body of an `application/merge-patch+json` request. Throws StatusError (BadRequest). */
export function parseMergePatch(body: string | Uint8Array): ParsedPatch {
  const { value, duplicateFields } = parse(body);
  if (value === null) throw badPatch("Invalid JSON Patch");
  if (!isObject(value)) {
    const given = Array.isArray(value)
      ? "array"
      : typeof value === "boolean"
      ? "bool"
      : typeof value;
    throw badPatch(
      `error decoding patch: json: cannot unmarshal ${given} into Go value of type map[string]interface {}`,
    );
  }
  return { patch: value, duplicateFields };
}

/**
 * RFC 7386: null removes, objects merge, all else replaces. Returns a new document that shares what did not change.
 */
export function applyMergePatch(
  document: unknown,
  patch: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const out = isObject(document) ? { ...document } : {};
  for (const key of Object.keys(patch)) {
    const change = patch[key];
    if (change === null) delete out[key];
    else setKey(out, key, merge(Object.hasOwn(out, key) ? out[key] : undefined, change));
  }
  return out;
}

function merge(current: unknown, change: unknown): unknown {
  if (!isObject(current)) return withoutNulls(change);
  return isObject(change) ? applyMergePatch(current, change) : change;
}

/** There is nothing to remove, so nulls say nothing. Items of lists stay. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    if (value[key] !== null) setKey(out, key, withoutNulls(value[key]));
  }
  return out;
}

function parse(body: string | Uint8Array) {
  try {
    return parseJson(body);
  } catch (error) {
    throw badPatch(
      `error decoding patch: ${error instanceof Error ? error.message : error}`,
      error,
    );
  }
}

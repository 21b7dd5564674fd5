import { parseJson } from "../codec/json.ts";
import { StatusError } from "../meta/status_error.ts";
import { isObject, setKey } from "../schema/json_object.ts";
import type { SchemaNode, StructNode } from "../schema/schema.ts";
import { goText } from "./go_text.ts";
import type { ParsedPatch } from "./merge_patch.ts";
import { badPatch, unexpectedPatch } from "./patch_error.ts";
import {
  directive,
  type JsonObject,
  listName,
  memberOf,
  setOrDrop,
  strategyOf,
  withoutDirectives,
} from "./strategic_merge_directive.ts";
import { mergeLists } from "./strategic_merge_list.ts";
import { orderLists } from "./strategic_merge_order.ts";

/** Reads the body of an `application/strategic-merge-patch+json` request. Throws StatusError (BadRequest). */
export function parseStrategicMergePatch(body: string | Uint8Array): ParsedPatch {
  try {
    const { value, duplicateFields } = parseJson(body);
    if (value === null) return { patch: {}, duplicateFields: [] };
    if (isObject(value)) return { patch: value, duplicateFields };
    const given = Array.isArray(value)
      ? "array"
      : typeof value === "boolean"
      ? "bool"
      : typeof value;
    throw badPatch(
      `json: cannot unmarshal ${given} into Go value of type map[string]interface {}`,
    );
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw badPatch(error instanceof Error ? error.message : String(error), error);
  }
}

/**
 * Applies a strategic merge patch (sig-api-machinery/strategic-merge-patch.md) to an object as decodeObject leaves it: lists
 * with a merge key merge by it, the `$` directives are obeyed. Returns a new object that shares what did not change; it
 * is to be decoded again. Throws StatusError: BadRequest for a malformed directive, 422 or a bare 500 where the
 * reference does. Custom resources (no goType) cannot be patched so.
 */
export function applyStrategicMergePatch(
  schema: StructNode,
  original: object,
  patch: Readonly<JsonObject>,
): JsonObject {
  if (schema.goType === "") throw badPatch("strategic merge patch format is not supported");
  return mergeMaps(schema, original as JsonObject, patch);
}

/** See `MergeMaps`. */
function mergeMaps(
  schema: SchemaNode,
  original: Readonly<JsonObject>,
  patch: Readonly<JsonObject>,
): JsonObject {
  const kind = patch[directive.patch];
  if (kind !== undefined) return replaceOrDelete(kind, patch);
  const out = retain(original, patch);
  const ordered = orderLists(out, patch, { schema, mergeMaps });
  for (const key of Object.keys(patch)) {
    if (key === directive.retainKeys || key.startsWith(`${directive.setOrder}/`)) continue;
    // A field of which the order directive has taken care.
    if (!ordered.has(key)) mergeMember(schema, out, { key, change: patch[key] });
  }
  return out;
}

interface Member {
  readonly key: string;
  readonly change: unknown;
}

function mergeMember(schema: SchemaNode, out: JsonObject, { key, change }: Member): void {
  const deletion = key.startsWith(directive.deleteFrom);
  const name = deletion ? listName(key, directive.deleteFrom) : key;
  if (change === null) {
    delete out[name];
    return;
  }
  const current = Object.hasOwn(out, name) ? out[name] : undefined;
  if (isObject(current) && isObject(change)) {
    const field = memberOf(schema, name);
    const replaces = strategyOf(field) === "replace";
    setKey(out, name, replaces ? change : mergeMaps(field.node, current, change));
  } else if (Array.isArray(current) && Array.isArray(change)) {
    setKey(out, name, mergeListMember(schema, { name, current, change, deletion }));
  } else if (!deletion) setOrDrop(out, name, withoutDirectives(withoutNulls(change)));
}

interface ListMember {
  readonly name: string;
  readonly current: readonly unknown[];
  readonly change: readonly unknown[];
  readonly deletion: boolean;
}

function mergeListMember(schema: SchemaNode, member: ListMember): readonly unknown[] {
  const { name, current, change, deletion } = member;
  const field = memberOf(schema, name);
  if (deletion) return current.filter((item) => !change.includes(item));
  return strategyOf(field) === "merge"
    ? mergeLists({ ...field, mergeMaps }, current, change)
    : change;
}

function replaceOrDelete(kind: unknown, patch: Readonly<JsonObject>): JsonObject {
  if (kind === "replace") {
    const { [directive.patch]: _, ...rest } = patch;
    return rest;
  }
  if (kind === "delete") return {};
  throw unexpectedPatch(`unknown patch type: ${goText(kind)} in map: ${goText(patch)}`);
}

/** A copy of `original` with only the members that `$retainKeys` names, if the patch has it. */
function retain(original: Readonly<JsonObject>, patch: Readonly<JsonObject>): JsonObject {
  const keys = patch[directive.retainKeys];
  if (keys === undefined) return { ...original };
  const isDirective = (key: string) =>
    key.startsWith(directive.deleteFrom) || key.startsWith(directive.setOrder) ||
    key === directive.retainKeys;
  if (
    !Array.isArray(keys) ||
    !Object.keys(patch).every((key) => isDirective(key) || keys.includes(key))
  ) throw badPatch("invalid patch format of retainKeys");
  const out: JsonObject = {};
  for (const key of Object.keys(original)) {
    if (keys.includes(key)) setKey(out, key, original[key]);
  }
  return out;
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const out: JsonObject = {};
  for (const key of Object.keys(value)) {
    if (value[key] !== null) setKey(out, key, withoutNulls(value[key]));
  }
  return out;
}

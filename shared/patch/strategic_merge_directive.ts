import { formsOf } from "../schema/alternatives.ts";
import { isObject, setKey } from "../schema/json_object.ts";
import type { FieldNode, SchemaNode } from "../schema/schema.ts";
import { badPatch, unexpectedPatch } from "./patch_error.ts";

export type JsonObject = Record<string, unknown>;

/** Names of members that tell how to merge instead of what. */
export const directive = {
  patch: "$patch",
  retainKeys: "$retainKeys",
  deleteFrom: "$deleteFromPrimitiveList",
  setOrder: "$setElementOrder",
} as const;

/** Merges `patch` into `original`; both stay as they are. `schema` is the type of both. Maps hold lists that hold maps. */
export type MergeMaps = (
  schema: SchemaNode,
  original: Readonly<JsonObject>,
  patch: Readonly<JsonObject>,
) => JsonObject;

/** What the schema says about a member of a map or struct; throws as the reference does for one it does not know. */
export function memberOf(
  schema: SchemaNode,
  name: string,
): Pick<FieldNode, "node" | "patchStrategy" | "patchMergeKey"> {
  const type = schema.type === "scalar" ? formsOf(schema.goName)?.object ?? schema : schema;
  if (type.type === "map") return { node: type.values, patchStrategy: [] };
  const field = type.type === "struct" ? type.fields.get(name) : undefined;
  if (field) return field;
  const goName = type.type === "struct" || type.type === "scalar" ? type.goName : type.type;
  throw unexpectedPatch(
    `unable to find api field in struct ${goName.replace(/^.*\./, "")} for the json field ${
      JSON.stringify(name)
    }`,
  );
}

/** The strategy other than retainKeys. */
export function strategyOf(field: Pick<FieldNode, "patchStrategy">): string {
  return field.patchStrategy.find((strategy) => strategy !== "retainKeys") ?? "";
}

/** The list that `$setElementOrder/ports` or `$deleteFromPrimitiveList/finalizers` is about. */
export function listName(key: string, prefix: string): string {
  if (key.startsWith(`${prefix}/`)) return key.slice(prefix.length + 1);
  const what = prefix === directive.setOrder ? "setElementOrder list" : "primitive list";
  throw badPatch(`invalid patch format of ${what}`);
}

/**
 * `value` as it is to be stored: objects with a `$patch` directive are instructions and go, undefined stands for
 * nothing left.
 */
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutDirectives).filter((item) => item !== undefined);
  }
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, directive.patch)) return undefined;
  const out: JsonObject = {};
  for (const key of Object.keys(value)) setOrDrop(out, key, withoutDirectives(value[key]));
  return out;
}

/** Sets a member, or takes it out if nothing is left of it. */
export function setOrDrop(out: JsonObject, key: string, value: unknown): void {
  if (value === undefined) delete out[key];
  else setKey(out, key, value);
}

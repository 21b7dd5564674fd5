import type { SchemaNode } from "../schema/schema.ts";
import { setKey } from "../schema/json_object.ts";
import { goText } from "./go_text.ts";
import { unexpectedPatch } from "./patch_error.ts";
import { holdsMaps, identity, inOrder, mergeLists } from "./strategic_merge_list.ts";
import {
  directive,
  type JsonObject,
  listName,
  memberOf,
  type MergeMaps,
  strategyOf,
  withoutDirectives,
} from "./strategic_merge_directive.ts";

/**
 * Carries out the `$setElementOrder/…` directives of a patch on `out`, merging the lists they are about. Returns the names
 * of those lists: their part of the patch is done. Precedence: the directive, the patch, the live list.
 */
export function orderLists(
  out: JsonObject,
  patch: Readonly<JsonObject>,
  types: OrderedTypes,
): ReadonlySet<string> {
  const done = new Set<string>();
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(directive.setOrder)) continue;
    const name = listName(key, directive.setOrder);
    if (orderList(out, types, { name, order: patch[key], change: patch[name] })) done.add(name);
  }
  return done;
}

interface OrderedTypes {
  /** The type of the map whose lists are put in order. */
  readonly schema: SchemaNode;
  readonly mergeMaps: MergeMaps;
}

interface OrderedChange {
  readonly name: string;
  readonly order: unknown;
  readonly change: unknown;
}

function orderList(
  out: JsonObject,
  { schema, mergeMaps }: OrderedTypes,
  request: OrderedChange,
): boolean {
  const { name } = request;
  const order = asList(request.order);
  const live = out[name] === undefined || out[name] === null ? undefined : asList(out[name]);
  const change = request.change === undefined ? undefined : asList(request.change);
  const field = memberOf(schema, name);
  const key = field.patchMergeKey;
  checkOrder(change ?? [], order, key);
  if (!live && !change) return false;
  const merged = !live
    ? withoutDirectives(change) as unknown[]
    : !change
    ? live
    : strategyOf(field) === "merge"
    ? mergeLists({ ...field, mergeMaps }, live, change)
    : change;
  holdsMaps(live ?? [], change ?? []);
  setKey(out, name, inOrder(merged, { wanted: order, live: live ?? [], key }));
  return true;
}

function asList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value === null) return [];
  throw unexpectedPatch(
    `expected a []interface {}, but received a ${
      typeof value === "object" ? "map[string]interface {}" : typeof value
    }`,
  );
}

/** The patch may name only items of the order, and in that order. */
function checkOrder(
  change: readonly unknown[],
  order: readonly unknown[],
  key: string | undefined,
): void {
  if (change.length === 0 || order.length === 0) return;
  const isInstruction = (item: unknown) =>
    typeof item === "object" && item !== null && Object.hasOwn(item, directive.patch);
  const items = change.filter((item) => !isInstruction(item));
  let found = 0;
  for (const wanted of order) {
    if (found === items.length) return;
    if (identity(items[found], key) === identity(wanted, key)) found++;
  }
  if (found < items.length) {
    throw unexpectedPatch(
      `The order in patch list:\n${goText(change)}\n doesn't match ${directive.setOrder} list:\n${
        goText(order)
      }\n`,
    );
  }
}

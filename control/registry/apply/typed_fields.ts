import type { ListNode, SchemaNode } from "../../../shared/schema/schema.ts";
import { emptyFieldSet, type FieldSet, leaf, NodeBuilder } from "./field_set.ts";
import { fieldElement, type PathElement } from "./path_element.ts";
import {
  asFields,
  asList,
  childOf,
  deduced,
  deepEqual,
  fieldOf,
  type Fields,
  hasNoFields,
  isNamedField,
  itemElement,
  shapeOf,
} from "./typed_value.ts";

/** What became of each field between two objects. No path is in more than one of the sets. */
export interface Comparison {
  readonly added: FieldSet;
  readonly removed: FieldSet;
  readonly modified: FieldSet;
}

/**
 * The fields that a configuration names: leaves, items of maps and lists, and structs only where they are empty
 * (KEP-555; structured-merge-diff calls it ToFieldSet). Throws TypeError for a list item that cannot be named.
 */
export function toFieldSet(object: unknown, schema: SchemaNode): FieldSet {
  return mentioned(schema, object, false) ?? emptyFieldSet;
}

/**
 * The fields in which two objects differ. Unlike in toFieldSet, a whole new part counts with every level of it.
 * Equal parts cost a walk; identical references cost nothing. Throws TypeError for a list item that cannot be named.
 */
export function compareFields(old: unknown, object: unknown, schema: SchemaNode): Comparison {
  const change = compareValues(schema, old, object);
  return {
    added: change?.added ?? emptyFieldSet,
    removed: change?.removed ?? emptyFieldSet,
    modified: change?.modified ?? emptyFieldSet,
  };
}

/**
 * The set with the declared struct fields above its members as members too. What owns `spec.replicas` may then be
 * said to own `spec`, which plain sets leave out.
 */
export function withNamedFields(set: FieldSet, schema: SchemaNode): FieldSet {
  return withNamed(set, schema, false) ?? emptyFieldSet;
}

function withNamed(set: FieldSet, node: SchemaNode, member: boolean): FieldSet | undefined {
  const out = new NodeBuilder();
  for (const element in set) {
    if (element === ".") continue;
    const child = set[element]!;
    const name = element.slice(2);
    const isField = element[0] === "f";
    const next = isField
      ? childOf(node, name)
      : element[0] === "k" && node.type === "list"
      ? node.items
      : deduced;
    const named = isField && isNamedField(node, name);
    out.add(element, withNamed(child, next, named || child["."] !== undefined) ?? leaf);
  }
  return out.done(member);
}

function mentioned(node: SchemaNode, value: unknown, member: boolean): FieldSet | undefined {
  switch (shapeOf(node)) {
    case "leaf":
      return leaf;
    case "list":
      return mentionedItems(node as ListNode, asList(value) ?? [], member);
    case "deduced":
      if (value !== null && asFields(value) === undefined) return leaf;
      return mentionedFields(node, asFields(value), member);
    case "map":
      return mentionedFields(node, asFields(value), member);
  }
}

function mentionedFields(
  node: SchemaNode,
  fields: Fields | undefined,
  member: boolean,
): FieldSet | undefined {
  const out = new NodeBuilder();
  for (const key in fields) {
    const value = fields[key];
    if (value === undefined) continue;
    const object = asFields(value);
    const isBare = value === null || (object !== undefined && hasNoFields(object));
    const child = mentioned(childOf(node, key), value, isBare || !isNamedField(node, key));
    if (child) out.add(fieldElement(key), child);
  }
  return out.done(member);
}

function mentionedItems(
  list: ListNode,
  items: readonly unknown[],
  member: boolean,
): FieldSet | undefined {
  const out = new NodeBuilder();
  for (const [element, same] of itemsByElement(list, items)) {
    // Items of the same key are owned together, as one leaf.
    const child = same.length > 1 ? leaf : mentioned(list.items, same[0], true);
    out.add(element, child ?? leaf);
  }
  return out.done(member);
}

/** Items under their elements, in the order of first appearance; more than one only for duplicates. */
export function itemsByElement(
  list: ListNode,
  items: readonly unknown[],
): Map<PathElement, unknown[]> {
  const out = new Map<PathElement, unknown[]>();
  for (const [i, item] of items.entries()) {
    const element = elementAt(list, item, i);
    const same = out.get(element);
    if (same) same.push(item);
    else out.set(element, [item]);
  }
  return out;
}

function elementAt(list: ListNode, item: unknown, index: number): PathElement {
  try {
    return itemElement(list, item);
  } catch (error) {
    throw new TypeError(`element ${index}: ${(error as TypeError).message}`, { cause: error });
  }
}

/** A node of each set, for one place in the objects. */
interface Change {
  readonly added?: FieldSet | undefined;
  readonly removed?: FieldSet | undefined;
  readonly modified?: FieldSet | undefined;
}

const replaced: Change = { modified: leaf };

/** Undefined if nothing differs. `undefined` stands for an absent value, unlike null. */
function compareValues(node: SchemaNode, old: unknown, value: unknown): Change | undefined {
  if (old === value) return undefined;
  if (old === undefined) return { added: wholly(node, value) };
  if (value === undefined) return { removed: wholly(node, old) };
  switch (shapeOf(node)) {
    case "leaf":
      return deepEqual(old, value) ? undefined : replaced;
    case "list":
      return compareLists(node as ListNode, asList(old), asList(value));
    case "map":
      return compareMaps(node, asFields(old), asFields(value));
    case "deduced":
      return compareDeduced(node, old, value);
  }
}

function compareDeduced(node: SchemaNode, old: unknown, value: unknown): Change | undefined {
  const before = asFields(old);
  const after = asFields(value);
  if (before && after) return compareMaps(node, before, after);
  if (!before && !after) return deepEqual(old, value) ? undefined : replaced;
  const change = compareMaps(node, before, after);
  // Null is an empty map here; any other value took the map's place.
  return old === null || value === null ? change : { ...change, modified: leaf };
}

function compareMaps(
  node: SchemaNode,
  old: Fields | undefined,
  fields: Fields | undefined,
): Change | undefined {
  if ((!old || hasNoFields(old)) && (!fields || hasNoFields(fields))) {
    return (old === undefined) === (fields === undefined) ? undefined : replaced;
  }
  let collected: ChangeBuilder | undefined;
  for (const key in fields) {
    const value = fields[key];
    if (value === undefined) continue;
    const change = compareValues(childOf(node, key), fieldOf(old, key), value);
    if (change) (collected ??= new ChangeBuilder()).add(fieldElement(key), change);
  }
  for (const key in old) {
    const value = old[key];
    if (value === undefined || fieldOf(fields, key) !== undefined) continue;
    collected ??= new ChangeBuilder();
    collected.add(fieldElement(key), { removed: wholly(childOf(node, key), value) });
  }
  return collected?.done();
}

function compareLists(
  list: ListNode,
  old: unknown[] | undefined,
  items: unknown[] | undefined,
): Change | undefined {
  if (!old?.length && !items?.length) {
    return (old === undefined) === (items === undefined) ? undefined : replaced;
  }
  // Most lists are equal: naming the items costs more than this.
  if (deepEqual(old, items)) return undefined;
  const before = itemsByElement(list, old ?? []);
  const after = itemsByElement(list, items ?? []);
  const collected = new ChangeBuilder();
  for (const [element, same] of before) {
    const change = compareItems(list, same, after.get(element));
    if (change) collected.add(element, change);
  }
  for (const [element, same] of after) {
    if (!before.has(element)) collected.add(element, { added: whollyItems(list, same) });
  }
  return collected.done();
}

function compareItems(
  list: ListNode,
  old: readonly unknown[],
  items: readonly unknown[] | undefined,
): Change | undefined {
  if (items === undefined) return { removed: whollyItems(list, old) };
  if (old.length === 1 && items.length === 1) return compareValues(list.items, old[0], items[0]);
  if (old.length > 1 && items.length > 1) return deepEqual(old, items) ? undefined : replaced;
  // Duplicates are owned as one leaf, so the item comes or goes below the mark that all of them leave or get.
  return { removed: whollyItems(list, old), added: whollyItems(list, items) };
}

function whollyItems(list: ListNode, items: readonly unknown[]): FieldSet {
  return items.length > 1 ? leaf : wholly(list.items, items[0]);
}

/** A part that came or went as a whole: every level of it is a member. */
function wholly(node: SchemaNode, value: unknown): FieldSet {
  switch (shapeOf(node)) {
    case "leaf":
      return leaf;
    case "list": {
      const items = asList(value);
      if (!items?.length) return leaf;
      const out = new NodeBuilder();
      for (const [element, same] of itemsByElement(node as ListNode, items)) {
        out.add(element, whollyItems(node as ListNode, same));
      }
      return out.done(true)!;
    }
    default: {
      const fields = asFields(value);
      if (!fields) return leaf;
      const out = new NodeBuilder();
      for (const key in fields) {
        const field = fields[key];
        if (field !== undefined) out.add(fieldElement(key), wholly(childOf(node, key), field));
      }
      return out.done(true)!;
    }
  }
}

class ChangeBuilder {
  #added: NodeBuilder | undefined;
  #removed: NodeBuilder | undefined;
  #modified: NodeBuilder | undefined;

  add(element: PathElement, change: Change): void {
    if (change.added) (this.#added ??= new NodeBuilder()).add(element, change.added);
    if (change.removed) (this.#removed ??= new NodeBuilder()).add(element, change.removed);
    if (change.modified) (this.#modified ??= new NodeBuilder()).add(element, change.modified);
  }

  done(): Change | undefined {
    if (!this.#added && !this.#removed && !this.#modified) return undefined;
    return {
      added: this.#added?.done(false),
      removed: this.#removed?.done(false),
      modified: this.#modified?.done(false),
    };
  }
}

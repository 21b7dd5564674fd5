import { compareElements, parseElement, type PathElement } from "./path_element.ts";

/**
 * A set of paths into an object, as the trie that `metav1.FieldsV1` is: an empty node is a member, a node with
 * children is a member only if it also has `.`. The value is the JSON itself, its elements canonical and in the
 * reference's order, so that stored sets are used and written without decoding or encoding.
 *
 * Sets are immutable and share nodes: an operation that changes nothing returns its argument.
 */
export interface FieldSet {
  readonly [element: PathElement]: FieldSet;
}

/** Steps from the root, e.g. `["f:spec", "f:replicas"]`. */
export type Path = readonly PathElement[];

type Draft = Record<PathElement, FieldSet>;

/** A node that is a member and has no children. */
export const leaf: FieldSet = Object.freeze({});

/** The set without paths. */
export const emptyFieldSet: FieldSet = leaf;

/** Collects the children of one node in any order; `done` sorts them. */
export class NodeBuilder {
  readonly #entries: [PathElement, FieldSet][] = [];

  add(element: PathElement, node: FieldSet): void {
    this.#entries.push([element, node]);
  }

  /** The node, or undefined if it has no children and is no member itself. */
  done(member: boolean): FieldSet | undefined {
    const entries = this.#entries;
    if (entries.length === 0) return member ? leaf : undefined;
    if (entries.length > 1) sortEntries(entries);
    const out: Draft = member ? { ".": leaf } : {};
    for (const [element, node] of entries) out[element] = node;
    return out;
  }
}

/** The set of the given paths, e.g. to name the fields that an endpoint resets: `fieldSet(["f:status"])`. */
export function fieldSet(...paths: Path[]): FieldSet {
  return paths.reduce<FieldSet>((set, path) => union(set, pathNode(path)), emptyFieldSet);
}

function pathNode(path: Path): FieldSet {
  return path.reduceRight<FieldSet>((node, element) => ({ [element]: node }), leaf);
}

export function isEmpty(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** Whether the path itself is a member; its parents and children do not count. */
export function has(set: FieldSet, path: Path): boolean {
  if (path.length === 0) return false;
  let node: FieldSet | undefined = set;
  for (const element of path) {
    node = node[element];
    if (node === undefined) return false;
  }
  return isMember(node);
}

/** Whether a node below the root is a member of the set. */
export function isMember(node: FieldSet): boolean {
  return node["."] !== undefined || isEmpty(node);
}

/** Paths in `a` or `b`. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a)) return b;
  if (isEmpty(b)) return a;
  return unionNodes(a, b);
}

function unionNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  if (isEmpty(b)) return asMember(a);
  if (isEmpty(a)) return asMember(b);
  const out: Draft = a["."] || b["."] ? { ".": leaf } : {};
  let changed = a["."] === undefined && out["."] !== undefined;
  const added: [PathElement, FieldSet][] = [];
  for (const element in b) {
    if (element !== "." && a[element] === undefined) added.push([element, b[element]!]);
  }
  const kept: [PathElement, FieldSet][] = [];
  for (const element in a) {
    if (element === ".") continue;
    const node = a[element]!;
    const other = b[element];
    const joined = other === undefined ? node : unionNodes(node, other);
    if (joined !== node) changed = true;
    kept.push([element, joined]);
  }
  if (!changed && added.length === 0) return a;
  if (added.length > 0) {
    kept.push(...added);
    sortEntries(kept);
  }
  for (const [element, node] of kept) out[element] = node;
  return out;
}

function asMember(node: FieldSet): FieldSet {
  return isMember(node) ? node : { ".": leaf, ...node };
}

/** Paths in `a` that are not in `b`. Only equal paths count: what lies below a path of `b` stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return a;
  return subtract(a, b, false) ?? emptyFieldSet;
}

/** Paths in `a` that are neither in `b` nor below a path of `b`. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return a;
  return subtract(a, b, true) ?? emptyFieldSet;
}

function subtract(node: FieldSet, other: FieldSet, recursive: boolean): FieldSet | undefined {
  const member = isMember(node);
  const taken = isMember(other);
  if (taken && recursive) return undefined;
  const keep = member && !taken;
  const out: Draft = keep ? { ".": leaf } : {};
  let changed = keep !== member;
  let children = 0;
  for (const element in node) {
    if (element === ".") continue;
    const child = node[element]!;
    const match = other[element];
    const left = match === undefined ? child : subtract(child, match, recursive);
    if (left !== child) changed = true;
    if (left === undefined) continue;
    out[element] = left;
    children++;
  }
  if (!changed) return node;
  if (children === 0) return keep ? leaf : undefined;
  return out;
}

/** Paths that are in both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return emptyFieldSet;
  return intersectNodes(a, b) ?? emptyFieldSet;
}

function intersectNodes(a: FieldSet, b: FieldSet): FieldSet | undefined {
  const member = isMember(a) && isMember(b);
  const out: Draft = member ? { ".": leaf } : {};
  let children = 0;
  for (const element in a) {
    if (element === ".") continue;
    const other = b[element];
    const both = other && intersectNodes(a[element]!, other);
    if (both === undefined) continue;
    out[element] = both;
    children++;
  }
  if (children === 0) return member ? leaf : undefined;
  return out;
}

/** The members without members below them. */
export function leaves(set: FieldSet): FieldSet {
  const out: Draft = {};
  for (const element in set) {
    if (element !== ".") out[element] = leaves(set[element]!);
  }
  return out;
}

/** All paths, in the order in which the reference lists them: the members of a level before what is below them. */
export function paths(set: FieldSet): Path[] {
  const out: Path[] = [];
  collectPaths(set, [], out);
  return out;
}

function collectPaths(set: FieldSet, prefix: Path, out: Path[]): void {
  for (const element in set) {
    if (element !== "." && isMember(set[element]!)) out.push([...prefix, element]);
  }
  for (const element in set) {
    if (element !== ".") collectPaths(set[element]!, [...prefix, element], out);
  }
}

/**
 * A set that a client wrote: checked, unknown kinds of elements dropped, elements canonical and sorted.
 * Throws TypeError if it is no FieldsV1. Sets from the store need not pass here.
 */
export function decodeFieldSet(json: unknown): FieldSet {
  return decodeChildren(json, false) ?? emptyFieldSet;
}

function decodeChildren(json: unknown, member: boolean): FieldSet | undefined {
  if (json === null || json === undefined) return member ? leaf : undefined;
  if (typeof json !== "object" || Array.isArray(json)) {
    throw new TypeError(`ReadMapCB: expect { or n, but found ${JSON.stringify(json)}`);
  }
  const nodes = new Map<PathElement, FieldSet>();
  for (const [text, child] of Object.entries(json)) {
    if (text === ".") continue;
    const element = parseElement(text);
    if (element === undefined) continue;
    const node = decodeNode(child);
    const known = nodes.get(element);
    nodes.set(element, known === undefined ? node : unionNodes(known, node));
  }
  const builder = new NodeBuilder();
  for (const [element, node] of nodes) builder.add(element, node);
  return builder.done(member);
}

function decodeNode(json: unknown): FieldSet {
  const marked = typeof json === "object" && json !== null && Object.hasOwn(json, ".");
  return decodeChildren(json, marked) ?? leaf;
}

function sortEntries(entries: [PathElement, FieldSet][]): void {
  for (let i = 1; i < entries.length; i++) {
    if (compareElements(entries[i - 1]![0], entries[i]![0]) > 0) {
      entries.sort((a, b) => compareElements(a[0], b[0]));
      return;
    }
  }
}

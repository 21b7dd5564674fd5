import { isObject, setKey } from "../schema/json_object.ts";
import type { JsonPatchOperation } from "./json_patch.ts";
import { doesNotApply } from "./patch_error.ts";

type Container = Record<string, unknown> | unknown[];

/** Copies may double a document with every operation; the reference stops at this many bytes of JSON, too. */
const maxCopiedBytes = 3 * 1024 * 1024;

/** A document under change. Containers are copied the first time something in them changes, and only then. */
export class PatchedDocument {
  root: unknown;
  /** Containers that this run made and may change in place. */
  readonly #own = new WeakSet<Container>();
  #copiedBytes = 0;

  constructor(document: unknown) {
    this.root = document;
  }

  /** Throws StatusError when the operation does not apply; the document is then of no more use. */
  apply(operation: JsonPatchOperation): void {
    const { op } = operation;
    switch (op) {
      case "add":
        return this.#add(pathOf(operation), operation.value);
      case "remove":
        return this.#remove(pathOf(operation));
      case "replace":
        return this.#replace(pathOf(operation), operation.value);
      case "move":
        return this.#move(operation);
      case "copy":
        return this.#copy(operation);
      case "test":
        return this.#test(pathOf(operation), operation.value);
      default:
        throw doesNotApply(`Unexpected kind: ${op}`);
    }
  }

  #add(path: string, value: unknown): void {
    const { container, key } = this.#find(path, true);
    if (!Array.isArray(container)) return setKey(container, key, value);
    if (key === "-") container.push(value);
    else container.splice(indexOf(key, container.length + 1), 0, value);
  }

  #remove(path: string): void {
    const { container, key } = this.#find(path, true);
    if (Array.isArray(container)) container.splice(indexOf(key, container.length), 1);
    else if (!Object.hasOwn(container, key)) {
      throw doesNotApply(`Unable to remove nonexistent key: ${key}`);
    } else delete container[key];
  }

  #replace(path: string, value: unknown): void {
    if (path === "") {
      if (typeof value !== "object" || value === null) {
        throw doesNotApply("replace operation value must be object or array");
      }
      this.root = value;
      return;
    }
    const { container, key } = this.#find(path, true);
    if (Array.isArray(container)) container[indexOf(key, container.length)] = value;
    else setKey(container, key, value);
  }

  #move(operation: JsonPatchOperation): void {
    const from = fromOf(operation);
    const value = this.#get(from);
    this.#remove(from);
    this.#add(pathOf(operation), value);
  }

  #copy(operation: JsonPatchOperation): void {
    const text = JSON.stringify(this.#get(fromOf(operation)) ?? null);
    this.#copiedBytes += text.length;
    if (this.#copiedBytes > maxCopiedBytes) {
      throw doesNotApply(`Unable to complete the copy, more than ${maxCopiedBytes} bytes`);
    }
    this.#add(pathOf(operation), JSON.parse(text));
  }

  #test(path: string, value: unknown): void {
    const actual = path === "" ? this.root : this.#get(path) ?? null;
    if (!deepEqual(actual, value)) throw doesNotApply(`testing value ${path} failed`);
  }

  #get(path: string): unknown {
    const { container, key } = this.#find(path, false);
    if (Array.isArray(container)) return container[indexOf(key, container.length)];
    return Object.hasOwn(container, key) ? container[key] : undefined;
  }

  /** The container that a path ends in, ready to be changed if `forChange`, and the key in it. */
  #find(path: string, forChange: boolean): { container: Container; key: string } {
    const parts = path.split("/");
    const missing = () => doesNotApply(`doc is missing path: ${JSON.stringify(path)}`);
    // What comes before the first slash is not looked at, as in the reference.
    if (parts.length < 2 || !isContainer(this.root)) throw missing();
    let container = this.root;
    if (forChange) this.root = container = this.#owned(container);
    for (const part of parts.slice(1, -1)) {
      const key = unescapeKey(part);
      const next = childOf(container, key);
      if (!isContainer(next)) throw missing();
      const child = forChange ? this.#owned(next) : next;
      if (child !== next) setChild(container, key, child);
      container = child;
    }
    return { container, key: unescapeKey(parts.at(-1)!) };
  }

  #owned(container: Container): Container {
    if (this.#own.has(container)) return container;
    const copy = Array.isArray(container) ? [...container] : { ...container };
    this.#own.add(copy);
    return copy;
  }
}

function pathOf({ op, path }: JsonPatchOperation): string {
  if (path === undefined) throw doesNotApply(`${op} operation failed to decode path`);
  return path;
}

function fromOf({ op, from }: JsonPatchOperation): string {
  if (from === undefined) throw doesNotApply(`${op} operation failed to decode from`);
  return from;
}

function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}

function childOf(container: Container, key: string): unknown {
  if (Array.isArray(container)) return container[indexOf(key, container.length)];
  return Object.hasOwn(container, key) ? container[key] : undefined;
}

function setChild(container: Container, key: string, child: unknown): void {
  if (Array.isArray(container)) container[indexOf(key, container.length)] = child;
  else setKey(container, key, child);
}

/** A place in a list of `length`; negative ones count from the end. */
function indexOf(key: string, length: number): number {
  const index = /^[+-]?[0-9]+$/.test(key) ? Number(key) : NaN;
  if (!(index >= -length && index < length)) {
    throw doesNotApply(`Unable to access invalid index: ${key}`);
  }
  return index < 0 ? index + length : index;
}

function unescapeKey(part: string): string {
  return part.includes("~") ? part.replaceAll("~1", "/").replaceAll("~0", "~") : part;
}

function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => deepEqual(item, b[i]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && deepEqual(a[key], b[key]));
}

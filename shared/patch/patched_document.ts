import { isObject, setKey } from "../schema/json_object.ts";
import type { JsonPatchOperation } from "./json_patch.ts";
import { doesNotApply } from "./patch_error.ts";
import { PatchFault, patchFaultText } from "./patch_fault.ts";

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
    try {
      this.#applyOne(operation);
    } catch (error) {
      if (!(error instanceof PatchFault)) throw error;
      throw doesNotApply(patchFaultText(operation, error));
    }
  }

  #applyOne(operation: JsonPatchOperation): void {
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
    else container.splice(indexOf(path, key, container.length + 1), 0, value);
  }

  #remove(path: string): void {
    const { container, key } = this.#find(path, true);
    if (Array.isArray(container)) container.splice(indexOf(path, key, container.length), 1);
    else if (!Object.hasOwn(container, key)) {
      throw new PatchFault("key", path, `Unable to remove nonexistent key: ${key}: missing value`);
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
    if (Array.isArray(container)) container[indexOf(path, key, container.length)] = value;
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
    if (!deepEqual(actual, value)) throw doesNotApply(`testing value ${path} failed: test failed`);
  }

  #get(path: string): unknown {
    const { container, key } = this.#find(path, false);
    if (Array.isArray(container)) return container[indexOf(path, key, container.length)];
    return Object.hasOwn(container, key) ? container[key] : undefined;
  }

  /** The container that a path ends in, ready to be changed if `forChange`, and the key in it. */
  #find(path: string, forChange: boolean): { container: Container; key: string } {
    const parts = path.split("/");
    const missing = () => new PatchFault("path", path, "missing value");
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
  if (Array.isArray(container)) return container[placeIn(container.length, key) ?? -1];
  return Object.hasOwn(container, key) ? container[key] : undefined;
}

function setChild(container: Container, key: string, child: unknown): void {
  if (Array.isArray(container)) container[placeIn(container.length, key)!] = child;
  else setKey(container, key, child);
}

/** As `placeIn`, for the end of `path`. */
function indexOf(path: string, key: string, length: number): number {
  const place = placeIn(length, key);
  if (place !== undefined) return place;
  const why = /^[+-]?[0-9]+$/.test(key)
    ? `Unable to access invalid index: ${Number(key)}: invalid index referenced`
    : `strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`;
  throw new PatchFault("key", path, why);
}

/** A place in a list of `length`; negative ones count from the end. */
function placeIn(length: number, key: string): number | undefined {
  const place = /^[+-]?[0-9]+$/.test(key) ? Number(key) : NaN;
  if (!(place >= -length && place < length)) return undefined;
  return place < 0 ? place + length : place;
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

import type { KubeObject } from "../api/kind.ts";
import { keyOf, type Lister, type ObjectKey } from "./informer.ts";

interface Index<T> {
  readonly values: (object: T) => readonly string[];
  readonly filed: Map<string, Map<ObjectKey, T>>;
}

/** Objects by key, filed under any number of indexes. */
export class Store<T extends KubeObject> implements Lister<T> {
  readonly #objects = new Map<ObjectKey, T>();
  readonly #indexes = new Map<string, Index<T>>();
  #all: readonly T[] | undefined;

  constructor() {
    this.addIndex("namespace", ({ metadata: { namespace } }) => namespace ? [namespace] : []);
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(key);
  }

  list(namespace?: string): readonly T[] {
    if (namespace !== undefined) return this.byIndex("namespace", namespace);
    return this.#all ??= [...this.#objects.values()];
  }

  byIndex(name: string, value: string): readonly T[] {
    const index = this.#indexes.get(name);
    if (!index) throw new TypeError(`Cannot read index "${name}": no such index`);
    const filed = index.filed.get(value);
    return filed ? [...filed.values()] : [];
  }

  keys(): Iterable<ObjectKey> {
    return this.#objects.keys();
  }

  addIndex(name: string, values: (object: T) => readonly string[]): void {
    if (this.#indexes.has(name)) return;
    const index: Index<T> = { values, filed: new Map() };
    this.#indexes.set(name, index);
    for (const [key, object] of this.#objects) file(index, key, object);
  }

  /** Puts `object` in place of what has its key, which is returned. */
  set(object: T): T | undefined {
    const key = keyOf(object);
    const previous = this.#objects.get(key);
    this.#objects.set(key, object);
    this.#all = undefined;
    for (const index of this.#indexes.values()) {
      if (previous) unfile(index, key, previous);
      file(index, key, object);
    }
    return previous;
  }

  /** Takes out and returns what has the key. */
  delete(key: ObjectKey): T | undefined {
    const previous = this.#objects.get(key);
    if (!previous) return undefined;
    this.#objects.delete(key);
    this.#all = undefined;
    for (const index of this.#indexes.values()) unfile(index, key, previous);
    return previous;
  }
}

function file<T>(index: Index<T>, key: ObjectKey, object: T): void {
  for (const value of index.values(object)) {
    const filed = index.filed.get(value);
    if (filed) filed.set(key, object);
    else index.filed.set(value, new Map([[key, object]]));
  }
}

function unfile<T>(index: Index<T>, key: ObjectKey, object: T): void {
  for (const value of index.values(object)) {
    const filed = index.filed.get(value);
    filed?.delete(key);
    if (filed?.size === 0) index.filed.delete(value);
  }
}

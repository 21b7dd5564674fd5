import type { CelType } from "../types/cel_type.ts";
import { CelError, type CelValue, type ListValue, type MapValue, Uint } from "./value.ts";
import { CostExceeded, countWork, MAX_LIST_SIZE } from "./work.ts";

/** A list over an array, which must not change. */
export function listOf(values: readonly CelValue[]): ListValue {
  return { sort: "list", size: values.length, at: (index) => values[index]! };
}

/** A list that a fold collects in: `append` changes it in place. */
export class GrowingList implements ListValue {
  readonly sort = "list";
  readonly #values: CelValue[] = [];

  get size(): number {
    return this.#values.length;
  }

  at(index: number): CelValue {
    return this.#values[index]!;
  }

  append(other: ListValue): this {
    countWork(other.size);
    for (let index = 0; index < other.size; index++) this.#values.push(other.at(index));
    return this;
  }

  /** The list as it is now. */
  freeze(): ListValue {
    return listOf(this.#values);
  }
}

/**
 * One list behind the other, without copying. Joining costs nothing however long the lists are; the first access to an
 * element lays them out. Throws CostExceeded for a list that nobody could walk.
 */
export function joinLists(one: ListValue, other: ListValue): ListValue {
  return new JoinedList(one, other);
}

class JoinedList implements ListValue {
  readonly sort = "list";
  readonly size: number;
  readonly #one: ListValue;
  readonly #other: ListValue;
  #flat: CelValue[] | undefined;

  constructor(one: ListValue, other: ListValue) {
    this.#one = one;
    this.#other = other;
    this.size = one.size + other.size;
    if (this.size > MAX_LIST_SIZE) throw new CostExceeded();
  }

  at(index: number): CelValue {
    return (this.#flat ??= this.#flatten())[index]!;
  }

  /** Walks the tree of joined lists without recursion: it may be as deep as an expression is long. */
  #flatten(): CelValue[] {
    countWork(this.size);
    const values: CelValue[] = [];
    const open: ListValue[] = [this];
    while (open.length > 0) {
      const list = open.pop()!;
      if (list instanceof JoinedList && !list.#flat) open.push(list.#other, list.#one);
      else for (let index = 0; index < list.size; index++) values.push(list.at(index));
    }
    return values;
  }
}

/** All elements as an array. */
export function elementsOf(list: ListValue): CelValue[] {
  countWork(list.size);
  return Array.from({ length: list.size }, (_, index) => list.at(index));
}

/** The text under which a value is found as a key: numbers that are equal have the same. Undefined: it is no key. */
function keyText(key: CelValue): string | undefined {
  if (typeof key === "string") return `s${key}`;
  if (typeof key === "bigint") return `n${key}`;
  if (key instanceof Uint) return `n${key.value}`;
  if (typeof key === "boolean") return `b${key}`;
  if (typeof key === "number") return Number.isInteger(key) ? `n${BigInt(key)}` : `d${key}`;
  return undefined;
}

/** A map with keys of any kind that may be one; `set` is for whoever makes it. */
export class EntryMap implements MapValue {
  readonly sort = "map";
  readonly #entries = new Map<string, readonly [CelValue, CelValue]>();

  get size(): number {
    return this.#entries.size;
  }

  get(key: CelValue): CelValue | undefined {
    const text = keyText(key);
    return text === undefined ? undefined : this.#entries.get(text)?.[1];
  }

  *keys(): Iterable<CelValue> {
    for (const [key] of this.#entries.values()) yield key;
  }

  /** An error if the value cannot be a key. */
  set(key: CelValue, value: CelValue): CelError | undefined {
    const text = keyText(key);
    if (text === undefined) return new CelError("unsupported key type");
    this.#entries.set(text, [key, value]);
    return undefined;
  }

  delete(key: CelValue): void {
    this.#entries.delete(keyText(key) ?? "");
  }

  copy(): EntryMap {
    const copy = new EntryMap();
    for (const [text, entry] of this.#entries) copy.#entries.set(text, entry);
    return copy;
  }
}

/** A map that a fold collects in. */
export class GrowingMap extends EntryMap {}

/** A map of text to values. */
export function mapOf(entries: Readonly<Record<string, CelValue>>): MapValue {
  const map = new EntryMap();
  for (const [key, value] of Object.entries(entries)) map.set(key, value);
  return map;
}

/** An object of a struct type. Fields that are not in `fields` are not set. */
export function objectOf(
  type: CelType,
  fields: Readonly<Record<string, CelValue>> | ReadonlyMap<string, CelValue>,
): MapValue {
  const known = fields instanceof Map ? fields as ReadonlyMap<string, CelValue> : new Map(
    Object.entries(fields),
  );
  return {
    sort: "object",
    type,
    size: known.size,
    get: (key) => typeof key === "string" ? known.get(key) : undefined,
    keys: () => known.keys(),
  };
}

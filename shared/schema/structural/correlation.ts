import { isObject } from "../json_object.ts";
import { sameJson } from "../same_json.ts";
import { additionalOf, itemsOf, type JsonSchema, propertyOf } from "./json_schema.ts";

type Values = Record<string, unknown>;

/**
 * A part of an updated object beside what it was before (KEP-4008, ratcheting): fields by their names, items of list
 * maps by their keys, all else as a whole. Built as the walk goes down; compares each part at most once.
 */
export class Correlation {
  readonly value: unknown;
  readonly old: unknown;
  readonly #schema: JsonSchema;
  #isSame: boolean | undefined;
  #byKey: Map<string, unknown> | undefined;

  constructor(value: unknown, old: unknown, schema: JsonSchema) {
    this.value = value;
    this.old = old;
    this.#schema = schema;
  }

  /** The part under a field; undefined if it has no counterpart or nothing is said of it. */
  key(name: string): Correlation | undefined {
    const { value, old } = this;
    if (!isObject(value) || !isObject(old)) return undefined;
    if (!Object.hasOwn(value, name) || !Object.hasOwn(old, name)) return undefined;
    const schema = propertyOf(this.#schema, name) ?? additionalOf(this.#schema);
    return schema && new Correlation(value[name], old[name], schema);
  }

  /** The item at an index; undefined if it has no counterpart. */
  index(i: number): Correlation | undefined {
    const { value } = this;
    const schema = itemsOf(this.#schema);
    if (!Array.isArray(value) || !schema) return undefined;
    const old = this.oldItem(value[i]);
    return old === undefined ? undefined : new Correlation(value[i], old, schema);
  }

  /** The old item with the same keys as `item`; undefined unless this is a list map that has one. */
  oldItem(item: unknown): unknown {
    const keys = this.#schema["x-kubernetes-list-map-keys"] ?? [];
    const { old } = this;
    if (!Array.isArray(old) || this.#schema["x-kubernetes-list-type"] !== "map") return undefined;
    const id = identityOf(item, keys);
    if (id === undefined) return undefined;
    this.#byKey ??= indexOf(old, keys);
    return this.#byKey.get(id);
  }

  /**
   * Whether nothing changed here; the order of the items of a list map does not count. What the schema does not
   * declare counts as changed, as it does to the reference.
   */
  isSame(): boolean {
    return this.#isSame ??= this.#compare();
  }

  #compare(): boolean {
    const { value, old } = this;
    if (this.#schema["x-kubernetes-list-type"] === "map" && Array.isArray(value)) {
      if (!Array.isArray(old) || old.length !== value.length) return false;
      return value.every((_, i) => this.index(i)?.isSame() ?? false);
    }
    if (!isObject(value) || !isObject(old)) return sameJson(value, old);
    const names = Object.keys(value);
    if (names.length !== Object.keys(old).length) return false;
    return names.every((name) => this.key(name)?.isSame() ?? false);
  }
}

function indexOf(items: readonly unknown[], keys: readonly string[]): Map<string, unknown> {
  const out = new Map<string, unknown>();
  for (const item of items) {
    const id = identityOf(item, keys);
    if (id !== undefined && !out.has(id)) out.set(id, item);
  }
  return out;
}

/** The keys of an item as one text; undefined if one is missing or no scalar. */
function identityOf(item: unknown, keys: readonly string[]): string | undefined {
  if (!isObject(item)) return undefined;
  const values = keys.map((key) => (item as Values)[key]);
  const usable = values.every((value) =>
    typeof value === "string" || typeof value === "number" || typeof value === "boolean"
  );
  return usable && keys.length > 0 ? JSON.stringify(values) : undefined;
}

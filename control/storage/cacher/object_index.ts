import { OrderedMap } from "../ordered_map.ts";
import type { CachedEntry } from "./entry.ts";
import { fieldOf } from "./dispatch.ts";

const nothing = new OrderedMap<CachedEntry>();

/**
 * The objects of a resource by the value of a field. Built when first asked for, because that decodes every object,
 * and most clusters never ask for most fields.
 */
export class ObjectIndex {
  readonly #field: string;
  #byValue: Map<string, OrderedMap<CachedEntry>> | undefined;

  /** `field`: a field label such as "spec.nodeName". */
  constructor(field: string) {
    this.#field = field;
  }

  /** Those of `items` whose field has this value. `items` is only looked at the first time. */
  lookUp(value: string, items: OrderedMap<CachedEntry>): OrderedMap<CachedEntry> {
    if (!this.#byValue) {
      this.#byValue = new Map();
      items.walk({ from: "" }, (entry) => this.#add(entry));
    }
    return this.#byValue.get(value) ?? nothing;
  }

  /** Follows a change of one object; both absent does nothing. */
  replace(previous: CachedEntry | undefined, next: CachedEntry | undefined): void {
    if (!this.#byValue) return;
    if (previous) this.#remove(previous, next);
    if (next) this.#add(next);
  }

  #add(entry: CachedEntry): void {
    const value = fieldOf(entry, this.#field);
    let entries = this.#byValue!.get(value);
    if (!entries) this.#byValue!.set(value, entries = new OrderedMap());
    entries.set(entry);
  }

  #remove(previous: CachedEntry, next: CachedEntry | undefined): void {
    const value = fieldOf(previous, this.#field);
    if (next && fieldOf(next, this.#field) === value) return;
    const entries = this.#byValue!.get(value);
    entries?.delete(previous.key);
    if (entries?.size === 0) this.#byValue!.delete(value);
  }
}

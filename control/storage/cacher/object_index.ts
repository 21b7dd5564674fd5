import { OrderedMap } from "../ordered_map.ts";
import type { CachedEntry } from "./entry.ts";

const nothing = new OrderedMap<CachedEntry>();

/**
 * The objects of a resource by the value of a field or label. Built when first asked for, because that decodes every
 * object, and most clusters never ask for most fields.
 */
export class ObjectIndex {
  readonly #valueOf: (entry: CachedEntry) => string | undefined;
  #byValue: Map<string, OrderedMap<CachedEntry>> | undefined;

  /** `valueOf`: what an object is filed under; undefined for one that is never looked up. */
  constructor(valueOf: (entry: CachedEntry) => string | undefined) {
    this.#valueOf = valueOf;
  }

  /** Those of `items` that are filed under this value. `items` is only looked at the first time. */
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
    const value = this.#valueOf(entry);
    if (value === undefined) return;
    let entries = this.#byValue!.get(value);
    if (!entries) this.#byValue!.set(value, entries = new OrderedMap());
    entries.set(entry);
  }

  #remove(previous: CachedEntry, next: CachedEntry | undefined): void {
    const value = this.#valueOf(previous);
    if (value === undefined || (next && this.#valueOf(next) === value)) return;
    const entries = this.#byValue!.get(value);
    entries?.delete(previous.key);
    if (entries?.size === 0) this.#byValue!.delete(value);
  }
}

import type { CacheEvent, Matcher, WatchSink } from "./cache.ts";
import type { CachedEntry } from "./entry.ts";
import type { ObjectChange } from "./event.ts";

/** What one watch wants. */
export interface Interest {
  readonly namespace?: string | undefined;
  readonly match?: Matcher | undefined;
}

interface Watch extends Interest {
  readonly sink: WatchSink;
  /** Events of the batch under way. */
  pending: CacheEvent[];
}

/**
 * The live watches of one resource, filed by what they ask for, so that a change is only held against those it may
 * concern: an event for one node's pod does not look at the watches of the other nodes.
 */
export class Dispatch {
  readonly #indexes: readonly string[];
  readonly #all = new Set<Watch>();
  readonly #everywhere = new Set<Watch>();
  readonly #byNamespace = new Map<string, Set<Watch>>();
  /** Field, then value. */
  readonly #byField = new Map<string, Map<string, Set<Watch>>>();

  /** `indexes`: the field labels by which watches can be filed. */
  constructor(indexes: readonly string[]) {
    this.#indexes = indexes;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Adds a watch; the returned function removes it, also from within a sink. */
  add(interest: Interest, sink: WatchSink): () => void {
    const watch: Watch = { ...interest, sink, pending: [] };
    const [file, key] = this.#place(watch);
    let shelf = file?.get(key);
    if (file && !shelf) file.set(key, shelf = new Set());
    (shelf ?? this.#everywhere).add(watch);
    this.#all.add(watch);
    return () => {
      if (!this.#all.delete(watch)) return;
      const own = shelf ?? this.#everywhere;
      own.delete(watch);
      if (file && own.size === 0 && file.get(key) === own) file.delete(key);
    };
  }

  /** Sends each watch those of the changes that concern it, in one batch. */
  send(changes: readonly ObjectChange[]): void {
    if (this.#all.size === 0) return;
    const touched = new Set<Watch>();
    for (const change of changes) {
      for (const shelf of this.#shelves(change)) {
        for (const watch of shelf) {
          const event = eventFor(watch, change);
          if (!event) continue;
          watch.pending.push(event);
          touched.add(watch);
        }
      }
    }
    for (const watch of touched) {
      const batch = watch.pending;
      watch.pending = [];
      if (this.#all.has(watch)) watch.sink.events(batch);
    }
  }

  /** Removes all watches and hands their sinks to `tell`. */
  clear(tell: (sink: WatchSink) => void): void {
    const watches = [...this.#all];
    this.#all.clear();
    this.#everywhere.clear();
    this.#byNamespace.clear();
    this.#byField.clear();
    for (const { sink } of watches) tell(sink);
  }

  #place(watch: Watch): [Map<string, Set<Watch>> | undefined, string] {
    const index = watch.match?.index;
    if (index && this.#indexes.includes(index.field)) {
      let values = this.#byField.get(index.field);
      if (!values) this.#byField.set(index.field, values = new Map());
      return [values, index.value];
    }
    return watch.namespace === undefined ? [undefined, ""] : [this.#byNamespace, watch.namespace];
  }

  #shelves(change: ObjectChange): Set<Watch>[] {
    const shelves: Set<Watch>[] = [];
    const add = (shelf: Set<Watch> | undefined) => shelf && shelf.size > 0 && shelves.push(shelf);
    add(this.#everywhere);
    if (this.#byNamespace.size > 0) add(this.#byNamespace.get(change.entry.namespace));
    for (const [field, values] of this.#byField) {
      if (values.size === 0) continue;
      const now = fieldOf(change.entry, field);
      add(values.get(now));
      const before = change.previous && fieldOf(change.previous, field);
      if (before !== undefined && before !== now) add(values.get(before));
    }
    return shelves;
  }
}

/** What the change looks like to one watch; undefined if it does not concern it. */
export function eventFor(interest: Interest, change: ObjectChange): CacheEvent | undefined {
  const { namespace, match } = interest;
  if (namespace !== undefined && change.entry.namespace !== namespace) return undefined;
  const before = change.previous !== undefined && (!match || match.matches(change.previous));
  const now = !change.deleted && (!match || match.matches(change.entry));
  return change.seen(before, now);
}

/** The value of a field label; an object without it counts as having "". */
export function fieldOf(entry: CachedEntry, field: string): string {
  return entry.attributes.fields[field] ?? "";
}

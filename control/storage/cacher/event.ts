import type { Step } from "../history.ts";
import type { Change, Revision } from "../storage.ts";
import type { CacheEvent, Entry, ResourceCacheOptions } from "./cache.ts";
import { CachedEntry } from "./entry.ts";

type EventType = CacheEvent["type"];

/** One event with the encodings that were made of it. */
export class SharedEvent implements CacheEvent {
  readonly type: EventType;
  readonly entry: Entry;
  readonly revision: Revision;
  #encoded: Map<string, Uint8Array> | undefined;

  constructor(type: EventType, entry: Entry) {
    this.type = type;
    this.entry = entry;
    this.revision = entry.revision;
  }

  encoded(format: string, make: (event: CacheEvent) => Uint8Array): Uint8Array {
    const known = this.#encoded?.get(format);
    if (known) return known;
    const made = make(this);
    (this.#encoded ??= new Map()).set(format, made);
    return made;
  }
}

/** A change of one object, as the cache remembers it: the source of the events that watches see. */
export class ObjectChange implements Step<CachedEntry> {
  readonly key: string;
  readonly revision: Revision;
  readonly deleted: boolean;
  readonly entry: CachedEntry;
  readonly previous: CachedEntry | undefined;
  readonly #options: ResourceCacheOptions;
  #events: Partial<Record<EventType, SharedEvent>> = {};

  constructor(change: Change, previous: CachedEntry | undefined, options: ResourceCacheOptions) {
    this.key = change.key;
    this.revision = change.revision;
    this.deleted = change.type === "delete";
    // A note is the writer's decoded object: what selectors need is taken from it now, so that it can be let go.
    const attributes = change.note === undefined
      ? undefined
      : options.attributesOf(change.value, change.note);
    this.entry = new CachedEntry(change, options, attributes);
    this.previous = previous;
    this.#options = options;
  }

  /** How many bytes only the history keeps alive: those that the change replaced. */
  get weight(): number {
    return (this.previous?.value.length ?? 0) + (this.deleted ? this.entry.value.length : 0);
  }

  /** The event for watches to which the object was visible `before` the change or is `now`; undefined if neither. */
  seen(before: boolean, now: boolean): SharedEvent | undefined {
    if (now) return this.#event(before ? "MODIFIED" : "ADDED");
    return before ? this.#event("DELETED") : undefined;
  }

  /** Drops the encodings. Old changes are rarely sent again, and then encoded anew. */
  forgetEncodings(): void {
    this.#events = {};
  }

  #event(type: EventType): SharedEvent {
    return this.#events[type] ??= new SharedEvent(
      type,
      type === "DELETED" && !this.deleted ? this.#departed() : this.entry,
    );
  }

  /** The previous object under the new revision: what the reference server sends when an object leaves a selector. */
  #departed(): Entry {
    const { key, value, attributes } = this.previous!;
    const stored = { key, value: this.#options.withRevision(value, this.revision) };
    return new CachedEntry({ ...stored, revision: this.revision }, this.#options, attributes);
  }
}

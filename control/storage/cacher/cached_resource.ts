import { BoundedCache } from "../../../shared/cache/bounded_cache.ts";
import { History, undo, walkRewound } from "../history.ts";
import { type KeyRange, OrderedMap, prefixRange } from "../ordered_map.ts";
import { type Change, type Revision, type Storage, StorageError } from "../storage.ts";
import type {
  CacheEvent,
  CacheList,
  CacheQuery,
  Entry,
  ResourceCache,
  ResourceCacheOptions,
  WatchQuery,
  WatchSink,
} from "./cache.ts";
import { Dispatch, eventFor, fieldOf } from "./dispatch.ts";
import { CachedEntry } from "./entry.ts";
import { ObjectChange, SharedEvent } from "./event.ts";
import { ObjectIndex } from "./object_index.ts";
import type { Progress } from "./progress.ts";

/** How many past changes of one resource stay in memory; older ones are read back from the storage. */
export interface HistoryLimits {
  readonly events: number;
  /** Bytes that only the history keeps alive. */
  readonly bytes: number;
}

/** Changes younger than this many places keep their encodings: every watch that keeps up has sent them by then. */
const ENCODED_EVENTS = 128;

/** Label keys by which objects are filed at a time; each costs a little with every change. */
const MAX_LABEL_INDEXES = 8;

/** What one resource of the cache is made of. */
export interface CachedResourceParts {
  readonly storage: Storage;
  readonly progress: Progress;
  readonly limits: HistoryLimits;
}

/** One resource of a `WatchCache`, which feeds it: `load` once, then `absorb` and `dispatch` for each batch. */
export class CachedResource implements ResourceCache {
  readonly #options: ResourceCacheOptions;
  readonly #parts: CachedResourceParts;
  readonly #indexes = new Map<string, ObjectIndex>();
  /** By label key: those that lists asked for. */
  readonly #labelIndexes = new BoundedCache<string, ObjectIndex>(MAX_LABEL_INDEXES);
  readonly #dispatch: Dispatch;
  #items = new OrderedMap<CachedEntry>();
  #bytes = 0;
  #history: History<ObjectChange>;
  #historyBytes = 0;
  /** Changes that arrived before the objects did; undefined once loaded. */
  #backlog: Change[] | undefined = [];
  #loading: Promise<void> | undefined;
  #ended: StorageError | undefined;

  constructor(options: ResourceCacheOptions, parts: CachedResourceParts) {
    this.#options = options;
    this.#parts = parts;
    this.#history = new History(parts.progress.revision);
    const indexes = options.indexes ?? [];
    this.#dispatch = new Dispatch(indexes);
    for (const field of indexes) {
      this.#indexes.set(field, new ObjectIndex((entry) => fieldOf(entry, field)));
    }
  }

  get size(): number {
    return this.#items.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get watches(): number {
    return this.#dispatch.size;
  }

  get revision(): Revision {
    return this.#parts.progress.revision;
  }

  /** Reads the objects; idempotent. Called when the changes are already flowing into `absorb`. */
  load(): Promise<void> {
    return this.#loading ??= this.#load();
  }

  /** Takes in changes of this resource; what it returns is for `dispatch`, once all resources have taken in theirs. */
  absorb(changes: readonly Change[]): readonly ObjectChange[] {
    if (this.#backlog) {
      this.#backlog.push(...changes);
      return [];
    }
    return changes.map((change) => this.#apply(change));
  }

  /** Tells the watches. */
  dispatch(changes: readonly ObjectChange[]): void {
    this.#dispatch.send(changes);
  }

  /** Ends all watches and refuses further queries. */
  end(error: StorageError): void {
    this.#ended ??= error;
    this.#dispatch.clear((sink) => sink.closed(error));
  }

  get(key: string): Entry | undefined {
    if (!this.#backlog) return this.#items.get(key);
    const stored = this.#parts.storage.get(key);
    return stored && new CachedEntry(stored, this.#options);
  }

  entries(namespace?: string): readonly Entry[] {
    const out: Entry[] = [];
    this.#items.walk(this.#range({ namespace }), (entry) => void out.push(entry));
    return out;
  }

  async list(query: CacheQuery): Promise<CacheList> {
    await this.#ready();
    const now = this.revision;
    const revision = query.revision ?? now;
    if (revision > now) throw new StorageError("Future", this.#options.prefix);
    if (revision < this.#history.floor) return this.#listStored(query, revision);
    const range = this.#range(query);
    const changes = revision === now ? [] : this.#history.since(revision);
    if (changes.length > 0) {
      const walk = { current: this.#items, before: undo<CachedEntry>(changes), range };
      return { revision, ...page(query, (take) => walkRewound<CachedEntry>(walk, take)) };
    }
    const source = this.#source(query);
    const total = query.match ? undefined : () => source.count(range);
    return { revision, ...page(query, (take) => source.walk(range, take), total) };
  }

  async watch(query: WatchQuery, sink: WatchSink): Promise<() => void> {
    await this.#ready();
    const { after } = query;
    if (after === undefined) {
      this.#sendState(query, sink);
      return this.#goLive(query, sink);
    }
    if (after > this.revision) throw new StorageError("Future", this.#options.prefix);
    if (after < this.#history.floor) return this.#replay(after, query, sink);
    send(query, this.#history.since(after), sink);
    return this.#goLive(query, sink);
  }

  waitFor(revision: Revision, timeoutMs: number): Promise<boolean> {
    return this.#parts.progress.waitFor(revision, timeoutMs);
  }

  async #load(): Promise<void> {
    const { items, revision } = await this.#parts.storage.list(this.#options.prefix);
    this.#items = OrderedMap.from(items.map((item) => new CachedEntry(item, this.#options)));
    this.#bytes = items.reduce((sum, { value }) => sum + value.length, 0);
    this.#history = new History(revision);
    const backlog = this.#backlog!;
    this.#backlog = undefined;
    this.absorb(backlog.filter((change) => change.revision > revision));
  }

  async #ready(): Promise<void> {
    if (this.#backlog && !this.#ended) await this.load();
    if (this.#ended) throw this.#ended;
  }

  #apply(change: Change): ObjectChange {
    const previous = this.#items.get(change.key);
    const step = new ObjectChange(change, previous, this.#options);
    if (step.deleted) this.#items.delete(step.key);
    else this.#items.set(step.entry);
    const next = step.deleted ? undefined : step.entry;
    for (const index of this.#indexes.values()) index.replace(previous, next);
    for (const index of this.#labelIndexes.values()) index.replace(previous, next);
    this.#bytes += (next?.value.length ?? 0) - (previous?.value.length ?? 0);
    this.#remember(step);
    return step;
  }

  #remember(step: ObjectChange): void {
    const { events, bytes } = this.#parts.limits;
    this.#history.push(step);
    this.#historyBytes += step.weight;
    while (this.#history.length > events || this.#historyBytes > bytes) {
      this.#historyBytes -= this.#history.shift()!.weight;
    }
    this.#history.fromEnd(ENCODED_EVENTS)?.forgetEncodings();
  }

  #range(query: CacheQuery): KeyRange {
    const { prefix } = this.#options;
    const start = query.namespace === undefined ? prefix : `${prefix}${query.namespace}/`;
    return prefixRange(start, query.after);
  }

  /** The smallest set that holds everything that can match. */
  #source(query: CacheQuery): OrderedMap<CachedEntry> {
    const wanted = query.match?.index;
    const index = wanted && this.#indexes.get(wanted.field);
    if (index) return index.lookUp(wanted.value, this.#items);
    const label = query.match?.label;
    return label ? this.#labelIndex(label.key).lookUp(label.value, this.#items) : this.#items;
  }

  #labelIndex(key: string): ObjectIndex {
    const known = this.#labelIndexes.get(key);
    if (known) return known;
    const made = new ObjectIndex((entry) => entry.attributes.labels[key]);
    this.#labelIndexes.set(key, made);
    return made;
  }

  /** A list from before the history in memory. */
  async #listStored(query: CacheQuery, revision: Revision): Promise<CacheList> {
    const { prefix } = this.#options;
    const start = query.namespace === undefined ? prefix : `${prefix}${query.namespace}/`;
    const after = query.after === undefined ? {} : { after: query.after };
    const { items } = await this.#parts.storage.list(start, { revision, ...after });
    const walk = (take: (entry: CachedEntry) => boolean) => {
      items.every((item) => take(new CachedEntry(item, this.#options)));
    };
    return { revision, ...page(query, walk) };
  }

  #sendState(query: WatchQuery, sink: WatchSink): void {
    const { match, namespace } = query;
    const events: CacheEvent[] = [];
    this.#source({ match }).walk(this.#range({ namespace }), (entry) => {
      if (!match || match.matches(entry)) events.push(new SharedEvent("ADDED", entry));
    });
    if (events.length > 0) sink.events(events);
  }

  /** Sends changes that memory no longer holds, then goes live. */
  async #replay(after: Revision, query: WatchQuery, sink: WatchSink): Promise<() => void> {
    let last = after;
    let failure: StorageError | undefined;
    const end = await this.#parts.storage.watch(this.#options.prefix, after, {
      changes: (batch) => {
        last = batch.at(-1)!.revision;
        send(query, batch.map((change) => this.#replayed(change)), sink);
      },
      closed: (error) => failure = error,
    });
    // No await from here on: what comes after `last` is already in the history or still to be dispatched.
    end();
    if (failure ?? this.#ended) throw failure ?? this.#ended;
    send(query, this.#history.since(last), sink);
    return this.#goLive(query, sink);
  }

  #goLive(query: WatchQuery, sink: WatchSink): () => void {
    if (query.initialEvents) sink.bookmark(this.revision, true);
    return this.#dispatch.add({ namespace: query.namespace, match: query.match }, sink);
  }

  #replayed(change: Change): ObjectChange {
    const { previous } = change;
    const entry = previous && new CachedEntry(previous, this.#options);
    return new ObjectChange(change, entry, this.#options);
  }
}

function send(interest: WatchQuery, changes: readonly ObjectChange[], sink: WatchSink): void {
  const events: CacheEvent[] = [];
  for (const change of changes) {
    const event = eventFor(interest, change);
    if (event) events.push(event);
  }
  if (events.length > 0) sink.events(events);
}

/** The page that `query` asks for of what `walk` visits; `total` counts all of that without visiting it. */
function page(
  query: CacheQuery,
  walk: (take: (entry: CachedEntry) => boolean) => void,
  total?: () => number,
): Omit<CacheList, "revision"> {
  const { match } = query;
  const limit = query.limit ?? Infinity;
  const entries: CachedEntry[] = [];
  let rest = 0;
  // With a matcher nobody is told how many remain, so the first object past the page ends the walk.
  const stopEarly = match !== undefined || total !== undefined;
  walk((entry) => {
    if (match && !match.matches(entry)) return true;
    if (entries.length < limit) entries.push(entry);
    else rest++;
    return rest === 0 || !stopEarly;
  });
  const more = rest > 0;
  const remaining = match ? undefined : more && total ? total() - entries.length : rest;
  return { entries, more, remaining };
}

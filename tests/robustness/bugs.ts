import type {
  CacheEvent,
  CacheList,
  CacheQuery,
  Entry,
  ResourceCache,
  WatchQuery,
  WatchSink,
} from "../../control/storage/cacher/cache.ts";
import { revisionOf } from "../../control/storage/kv/layout.ts";
import {
  type Change,
  type ChangeSink,
  type Listing,
  type ListOptions,
  type Revision,
  type Storage,
  StorageError,
  type Stored,
  type Write,
} from "../../control/storage/storage.ts";
import type { Random } from "../../shared/clock/random.ts";
import type { Bug, SubjectName } from "./subject.ts";

/** A bug as somebody might make it, planted to see that the checks find it. */
export interface PlantedBug {
  readonly name: string;
  readonly subject: SubjectName;
  readonly bug: Bug;
  /** The properties of which at least one must be found broken. */
  readonly breaks: readonly string[];
}

/** So many seeds are enough to find each of them; the test prints how many it took. */
export const SEEDS_PER_BUG = 40;

/** One of each kind. */
export const plantedBugs: readonly PlantedBug[] = [
  storageBug("acknowledges a revision that was given before", ["revisions"], (inner, often) => ({
    async write(write) {
      const stored = await inner.write(write);
      return often(0.05) ? { ...stored, revision: stored.revision - 1 as Revision } : stored;
    },
  })),
  storageBug("ignores what a write expects", ["linearizable"], (inner, often) => ({
    write({ expected, ...rest }) {
      const heeded = expected !== undefined && (expected === 0 || !often(0.3));
      return inner.write(heeded ? { ...rest, expected } : rest);
    },
  })),
  storageBug("refuses a write without reason", ["linearizable"], (inner, often) => ({
    write(write) {
      if (!write.expected || !often(0.2)) return inner.write(write);
      return Promise.reject(new StorageError("Conflict", write.key));
    },
  })),
  storageBug("says that a write failed that did not", ["failed write"], (inner, often) => ({
    async write(write) {
      const stored = await inner.write(write);
      if (often(0.02)) throw new StorageError("Unavailable", write.key);
      return stored;
    },
  })),
  storageBug("reads what was there before", ["linearizable"], (inner, often) => {
    const old = new Map<string, Stored | undefined>();
    return {
      write(write: Write) {
        old.set(write.key, inner.get(write.key));
        return inner.write(write);
      },
      get: (key: string) => often(0.05) && old.has(key) ? old.get(key) : inner.get(key),
    };
  }),
  storageBug("lists an older state as that of a revision", ["list"], (inner, often) => ({
    async list(prefix, options = {}) {
      const { revision } = options;
      if (revision === undefined || revision <= inner.compacted() || !often(0.5)) {
        return await inner.list(prefix, options);
      }
      return { ...await inner.list(prefix, before(options)), revision };
    },
  })),
  storageBug("lists the state of a while ago as that of now", ["fresh", "list"], (inner, often) => {
    let last: { prefix: string; listing: Listing } | undefined;
    return {
      async list(prefix: string, options: ListOptions = {}) {
        if (Object.keys(options).length > 0) return await inner.list(prefix, options);
        if (last?.prefix === prefix && often(0.3)) return last.listing;
        last = { prefix, listing: await inner.list(prefix) };
        return last.listing;
      },
    };
  }),
  storageBug("hides a live key after a compaction", ["list"], (inner) => ({
    async list(prefix, options) {
      const listing = await inner.list(prefix, options);
      const lost = listing.items.findIndex(({ revision }) => revision < inner.compacted() - 5);
      return { ...listing, items: listing.items.filter((_, i) => i !== lost) };
    },
  })),
  storageBug("forgets more than it was told to", ["revisions"], (inner) => ({
    list(prefix, options = {}) {
      const tooOld = options.revision !== undefined && options.revision < inner.revision() - 10;
      if (tooOld) return Promise.reject(new StorageError("Compacted", prefix));
      return inner.list(prefix, options);
    },
  })),
  watchBug("sends an event twice", ["unique"], (sink, often) => ({
    changes: (batch) => sink.changes(often(0.1) ? [...batch, batch[0]!] : batch),
  })),
  watchBug("drops an event", ["reliable", "prompt", "bookmarkable"], (sink, often) => ({
    changes(batch) {
      const rest = often(0.05) ? batch.slice(1) : batch;
      if (rest.length > 0) sink.changes(rest);
    },
  })),
  watchBug("sends events out of order", ["ordered"], (sink) => {
    let held: readonly Change[] = [];
    return {
      changes(batch: readonly Change[]) {
        const next = [...held, ...batch];
        held = next.length === 1 ? next : [];
        if (held.length === 0) sink.changes(next.reverse());
      },
    };
  }),
  watchBug("sends events later than the answer to their writer", ["prompt"], (sink) => {
    let held: readonly Change[] = [];
    return {
      changes(batch: readonly Change[]) {
        if (held.length > 0) sink.changes(held);
        held = batch;
      },
    };
  }),
  watchBug("tells a wrong previous value", ["previous"], (sink, often) => {
    let last: Stored | undefined;
    return {
      changes(batch: readonly Change[]) {
        sink.changes(batch.map((change) => {
          const wrong = last && often(0.05) ? { ...change, previous: last } : change;
          last = change;
          return wrong;
        }));
      },
    };
  }),
  watchBug("sends another key's value", ["atomic"], (sink, often) => {
    let value: Uint8Array | undefined;
    return {
      changes(batch: readonly Change[]) {
        sink.changes(batch.map((change) => {
          const torn = value && often(0.05) ? { ...change, value } : change;
          value = change.value;
          return torn;
        }));
      },
    };
  }),
  storageBug("skips a change when a watch resumes", ["prompt", "reliable"], (inner) => ({
    watch(prefix, after, sink) {
      const later = after < inner.revision() ? after + 1 as Revision : after;
      return inner.watch(prefix, later, sink);
    },
  })),
  storageBug("begins a watch with what was seen already", ["atomic"], (inner) => ({
    watch(prefix, after, sink) {
      const earlier = after > inner.compacted() ? after - 1 as Revision : after;
      return inner.watch(prefix, earlier, sink);
    },
  })),
  diskBug("acknowledges a write before it is on disk", ["durable", "list", "opens"], (often) => ({
    holdBack: () => often(0.3),
  })),
  diskBug("writes half of what a crash interrupts", ["durable", "opens"], () => ({
    tear: true,
  })),
  diskBug("uses revisions of lost leases again", ["revisions"], () => ({
    omit: (key, value) => key[0] === "reserved" && revisionOf(value) !== 1,
  })),
  diskBug("brings back what compaction removed", ["revisions"], () => ({
    omit: (key, value) => key[0] === "compacted" && revisionOf(value) !== 1,
  })),
  cacheBug("does not tell what leaves a selector", ["prompt", "filter", "reliable"], () => ({
    event: (event) => event.type === "DELETED" ? undefined : event,
  })),
  cacheBug("tells what enters a selector as a modification", ["filter"], (often) => ({
    event: (event) => event.type === "ADDED" && often(0.2) ? typed(event, "MODIFIED") : event,
  })),
  cacheBug("leaves something out of the state a watch begins with", ["bookmarkable"], () => ({
    initial: (batch) => batch.slice(1),
  })),
  cacheBug("sets a bookmark before what precedes it", ["bookmarkable", "atomic"], () => ({
    bookmark: (revision) => revision + 3 as Revision,
  })),
  {
    name: "WatchCache lists without what was written last",
    subject: "cache-memory",
    breaks: ["list"],
    bug: { cache: (inner) => new ForgetfulCache(inner) },
  },
];

/** True in so many of all cases. */
type Often = (share: number) => boolean;

function oftenOf(random: Random): Often {
  return (share) => random.float() < share;
}

function storageBug(
  what: string,
  breaks: readonly string[],
  make: (inner: Storage, often: Often) => Partial<Storage>,
): PlantedBug {
  const storage = (inner: Storage, random: Random) => {
    return { ...passing(inner), ...make(inner, oftenOf(random)) };
  };
  return { name: `Storage ${what}`, subject: "kv", breaks, bug: { storage } };
}

function watchBug(
  what: string,
  breaks: readonly string[],
  make: (sink: ChangeSink, often: Often) => Pick<ChangeSink, "changes">,
): PlantedBug {
  return storageBug(`watch ${what}`, breaks, (inner, often) => ({
    watch: (prefix, after, sink) =>
      inner.watch(prefix, after, {
        ...make(sink, often),
        closed: (error) => sink.closed(error),
      }),
  }));
}

function diskBug(
  what: string,
  breaks: readonly string[],
  make: (often: Often) => ReturnType<NonNullable<Bug["disk"]>>,
): PlantedBug {
  const disk: NonNullable<Bug["disk"]> = (random) => make(oftenOf(random));
  return { name: `Disk ${what}`, subject: "kv", breaks, bug: { disk } };
}

/** What a bug of the watch cache does to what a watch is sent. */
interface SinkBug {
  event?(event: CacheEvent): CacheEvent | undefined;
  initial?(batch: readonly CacheEvent[]): readonly CacheEvent[];
  bookmark?(revision: Revision): Revision;
}

function cacheBug(
  what: string,
  breaks: readonly string[],
  make: (often: Often) => SinkBug,
): PlantedBug {
  const cache = (inner: ResourceCache, random: Random) =>
    new BuggyCache(inner, make(oftenOf(random)));
  return { name: `WatchCache ${what}`, subject: "cache-kv", breaks, bug: { cache } };
}

/** A storage that passes everything on. */
function passing(inner: Storage): Storage {
  return {
    revision: () => inner.revision(),
    compacted: () => inner.compacted(),
    get: (key) => inner.get(key),
    latest: (key) => inner.latest(key),
    settled: (key) => inner.settled(key),
    list: (prefix, options) => inner.list(prefix, options),
    write: (write) => inner.write(write),
    watch: (prefix, after, sink) => inner.watch(prefix, after, sink),
    compact: (revision) => inner.compact(revision),
    close: () => inner.close(),
  };
}

function before(options: ListOptions): ListOptions {
  return { ...options, revision: options.revision! - 1 as Revision };
}

function typed(event: CacheEvent, type: CacheEvent["type"]): CacheEvent {
  const { entry, revision } = event;
  return { type, entry, revision, encoded: (format, make) => event.encoded(format, make) };
}

/** A cache of a resource that passes everything on. */
class PassingCache implements ResourceCache {
  constructor(readonly inner: ResourceCache) {}
  get size(): number {
    return this.inner.size;
  }
  get bytes(): number {
    return this.inner.bytes;
  }
  get watches(): number {
    return this.inner.watches;
  }
  get revision(): Revision {
    return this.inner.revision;
  }
  get(key: string): Entry | undefined {
    return this.inner.get(key);
  }
  entries(namespace?: string): readonly Entry[] {
    return this.inner.entries(namespace);
  }
  list(query: CacheQuery): Promise<CacheList> {
    return this.inner.list(query);
  }
  watch(query: WatchQuery, sink: WatchSink): Promise<() => void> {
    return this.inner.watch(query, sink);
  }
  waitFor(revision: Revision, timeoutMs: number): Promise<boolean> {
    return this.inner.waitFor(revision, timeoutMs);
  }
}

class BuggyCache extends PassingCache {
  readonly #bug: SinkBug;

  constructor(inner: ResourceCache, bug: SinkBug) {
    super(inner);
    this.#bug = bug;
  }

  override watch(query: WatchQuery, sink: WatchSink): Promise<() => void> {
    const { event, initial, bookmark } = this.#bug;
    let begun = query.after !== undefined;
    return super.watch(query, {
      events(batch) {
        const started = begun || !initial ? batch : initial(batch);
        begun = true;
        const sent = started.flatMap((one) => (event ? event(one) : one) ?? []);
        if (sent.length > 0) sink.events(sent);
      },
      bookmark: (revision, end) => sink.bookmark(bookmark?.(revision) ?? revision, end),
      closed: (error) => sink.closed(error),
    });
  }
}

class ForgetfulCache extends PassingCache {
  override async list(query: CacheQuery): Promise<CacheList> {
    const list = await super.list(query);
    const entries = list.entries.filter(({ revision }) => revision < list.revision);
    return { ...list, entries };
  }
}

import { FakeClock } from "../../../shared/clock/fake_clock.ts";
import { storageContract } from "../contract_suite.ts";
import { MemoryStorage } from "../memory/storage.ts";
import type { Change, ChangeSink, Listing, ListOptions, Revision, Storage } from "../storage.ts";
import type { CacheEvent, Matcher, ResourceCache, WatchSink } from "./cache.ts";
import { WatchCache } from "./watch_cache.ts";

/** A storage whose reads are answered by a watch cache over it. */
async function cached(inner: Storage, historyEvents: number): Promise<Storage> {
  const cache = new WatchCache(inner, { clock: new FakeClock(), historyEvents });
  const all = cache.resource({
    prefix: "/",
    namespaced: false,
    attributesOf: () => ({ labels: {}, fields: {} }),
    withRevision: (value) => value,
  });
  await cache.start();
  return {
    revision: () => all.revision,
    compacted: () => inner.compacted(),
    get: (key) => stored(all.get(key)),
    latest: (key) => inner.latest(key),
    settled: (key) => inner.settled(key),
    list: (prefix, options) => list(all, prefix, options),
    write: (write) => inner.write(write),
    watch: (prefix, after, sink) => watch(all, prefix, after, sink),
    compact: (revision) => inner.compact(revision),
    close: () => inner.close(),
  };
}

async function list(all: ResourceCache, prefix: string, options: ListOptions = {}) {
  const found = await all.list({ ...options, match: under(prefix) });
  return { revision: found.revision, items: found.entries.map((one) => stored(one)!) } as Listing;
}

function watch(all: ResourceCache, prefix: string, after: Revision, sink: ChangeSink) {
  const events: WatchSink = {
    events: (batch) => sink.changes(batch.map(changeOf)),
    bookmark() {},
    closed: (error) => sink.closed(error),
  };
  return all.watch({ after, match: under(prefix) }, events);
}

function under(prefix: string): Matcher {
  return { matches: (entry) => entry.key.startsWith(prefix) };
}

function changeOf({ type, entry, revision }: CacheEvent): Change {
  const { key, value } = entry;
  return { type: type === "DELETED" ? "delete" : "put", key, value, revision, previous: undefined };
}

function stored(entry: ReturnType<ResourceCache["get"]>) {
  return entry && { key: entry.key, value: entry.value, revision: entry.revision };
}

storageContract(
  "WatchCache",
  async () => ({ storage: await cached(new MemoryStorage(), 4096) }),
  { changeDetails: false, remembersCompacted: true },
);

storageContract(
  "WatchCache without a history of its own",
  async () => ({ storage: await cached(new MemoryStorage(), 0) }),
  { changeDetails: false },
);

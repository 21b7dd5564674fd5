import { WatchCache } from "../../control/storage/cacher/watch_cache.ts";
import type { CacheEvent, Matcher, ResourceCache } from "../../control/storage/cacher/cache.ts";
import { openKvMedium } from "../../control/storage/kv/open.ts";
import { MemoryStorage } from "../../control/storage/memory/storage.ts";
import type {
  Change,
  ChangeSink,
  Listing,
  ListOptions,
  Revision,
  Storage,
  Stored,
} from "../../control/storage/storage.ts";
import { type Random, seededRandom } from "../../shared/clock/random.ts";
import { silentLog } from "../../shared/log/log.ts";
import { Disk, type DiskBugs, ModelMedium } from "./faults.ts";
import { describe, groupOf, type History, type Seen, type SeenEvent } from "./history.ts";
import { ProcessClock, type Simulation } from "./simulation.ts";

/** What is checked. `deno-kv` is `kv` on a real Deno KV in memory instead of the model of one. */
export const subjects = ["memory", "kv", "deno-kv", "cache-memory", "cache-kv"] as const;
export type SubjectName = typeof subjects[number];

/** A planted bug: what it puts around the parts of the store. Each is made anew for every run. */
export interface Bug {
  storage?(inner: Storage, random: Random): Storage;
  cache?(inner: ResourceCache, random: Random): ResourceCache;
  disk?(random: Random): DiskBugs;
}

/** What a watch tells its client. */
export interface WatchListener {
  event(event: SeenEvent): void;
  bookmark(revision: Revision): void;
  closed(): void;
}

export interface WatchRequest {
  readonly prefix: string;
  readonly after: Revision | undefined;
  readonly group: string | undefined;
}

/** One opening of the store, as its clients use it. */
export interface Incarnation {
  readonly number: number;
  readonly storage: Storage;
  /** Answers for revisions that were compacted, if it happens to know them. */
  readonly remembersCompacted: boolean;
  /** Whether watches can select, and begin with the state. */
  readonly selects: boolean;
  watch(request: WatchRequest, listener: WatchListener): Promise<() => void>;
  kill(): void;
}

/** The prefixes that hold keys: what the watch cache is told of as resources. */
export const prefixes = ["/object/", "/lease/"] as const;

export interface SubjectOptions {
  readonly name: SubjectName;
  readonly seed: number;
  readonly simulation: Simulation;
  readonly history: History;
  readonly bug?: Bug | undefined;
}

/** A store that can be killed and opened again on the same disk. */
export class Subject {
  readonly #options: SubjectOptions;
  readonly #random: Random;
  readonly disk: Disk | undefined;
  #number = 0;

  private constructor(options: SubjectOptions, inner: Disk | undefined, random: Random) {
    this.#options = options;
    this.#random = random;
    this.disk = inner;
  }

  static async make(options: SubjectOptions): Promise<Subject> {
    const { name, simulation, history, bug } = options;
    const random = seededRandom(options.seed + 7919);
    if (name.endsWith("memory")) return new Subject(options, undefined, random);
    const medium = name === "deno-kv" ? await Deno.openKv(":memory:") : new ModelMedium();
    const bugs = bug?.disk?.(random);
    const disk = new Disk(medium, {
      simulation,
      random,
      onUnsure: () => history.doubtfulCommits = true,
      ...(bugs && { bugs }),
    });
    return new Subject(options, disk, random);
  }

  /** Opens what is on the disk. The store opened before must have been killed or closed. */
  async open(): Promise<Incarnation> {
    const { name, simulation, history, bug } = this.#options;
    const clock = new ProcessClock(simulation.clock);
    const handle = this.disk?.open();
    const seed = this.#options.seed;
    const real: Storage = handle
      ? await openKvMedium(handle.medium, {
        place: "the model",
        clock,
        log: silentLog,
        random: seededRandom(seed),
        release() {},
        lazyFlushMs: 200,
        retention: { changes: 40 + seed % 300, ageMs: 500 + (seed * 37) % 3000 },
      })
      : new MemoryStorage({ historyLength: 20 + seed % 500 });
    const storage = bug?.storage?.(real, this.#random) ?? real;
    const kill = () => {
      clock.kill();
      handle?.kill();
    };
    const base = { number: this.#number++, kill };
    if (!name.startsWith("cache")) {
      return {
        ...base,
        storage,
        remembersCompacted: false,
        selects: false,
        watch: (request, listener) =>
          storage.watch(request.prefix, request.after!, changesTo(listener, history)),
      };
    }
    const historyEvents = [0, 5, 40, 4096][seed % 4]!;
    const cache = new WatchCache(storage, { clock, historyEvents });
    const resources = new Map(prefixes.map((prefix) => {
      const resource = cache.resource(resourceOptions(prefix));
      return [prefix as string, bug?.cache?.(resource, this.#random) ?? resource];
    }));
    await cache.start();
    return {
      ...base,
      storage: cachedStorage(storage, resources),
      remembersCompacted: true,
      selects: true,
      watch: ({ prefix, after, group }, listener) =>
        resources.get(prefix)!.watch(
          { after, initialEvents: true, ...(group !== undefined && { match: ofGroup(group) }) },
          eventsTo(listener, history),
        ),
    };
  }
}

/** A stored value as clients record it. */
export function seen({ key, revision, value }: Stored): Seen {
  return { key, revision, value: describe(value) };
}

function changesTo(listener: WatchListener, history: History): ChangeSink {
  return {
    changes(batch: readonly Change[]) {
      for (const change of batch) {
        const previous = change.previous ? seen(change.previous) : null;
        listener.event({ ...seen(change), type: change.type, previous, time: history.tick() });
      }
    },
    closed: () => listener.closed(),
  };
}

function eventsTo(listener: WatchListener, history: History) {
  return {
    events(batch: readonly CacheEvent[]) {
      for (const { type, entry, revision } of batch) {
        listener.event({ ...seen(entry), revision, type, time: history.tick() });
      }
    },
    bookmark: (revision: Revision) => listener.bookmark(revision),
    closed: () => listener.closed(),
  };
}

function resourceOptions(prefix: string) {
  return {
    prefix,
    namespaced: false,
    indexes: ["group"],
    attributesOf(value: Uint8Array) {
      const group = groupOf(describe(value));
      return { labels: { group }, fields: { group } };
    },
    withRevision: (value: Uint8Array) => value,
  };
}

/** Half of the groups are found by the index. */
function ofGroup(group: string): Matcher {
  const matches: Matcher["matches"] = (entry) => entry.attributes.labels["group"] === group;
  return group < "g2" ? { matches, index: { field: "group", value: group } } : { matches };
}

/** A storage whose reads are answered by a watch cache over it. */
function cachedStorage(inner: Storage, resources: ReadonlyMap<string, ResourceCache>): Storage {
  const of = (key: string) => resources.get(key.slice(0, key.indexOf("/", 1) + 1))!;
  const first = of(prefixes[0]);
  return {
    revision: () => first.revision,
    compacted: () => inner.compacted(),
    get: (key) => of(key).get(key),
    latest: (key) => inner.latest(key),
    settled: (key) => inner.settled(key),
    async list(prefix: string, options: ListOptions = {}): Promise<Listing> {
      const { revision, entries } = await of(prefix).list(options);
      return { revision, items: entries };
    },
    write: (write) => inner.write(write),
    watch: () => Promise.reject(new TypeError("Watches of the cache are asked for by request")),
    compact: (revision) => inner.compact(revision),
    close: () => inner.close(),
  };
}

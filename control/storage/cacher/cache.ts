import type { Revision, StorageError, Stored } from "../storage.ts";

/** What selectors look at. */
export interface Attributes {
  readonly labels: Readonly<Record<string, string>>;
  /** By field label as in a field selector, such as "spec.nodeName". */
  readonly fields: Readonly<Record<string, string>>;
}

/** One object as of its last change. `value` may be the very array that the storage holds: never write into it. */
export interface Entry extends Stored {
  /** "" for a cluster-scoped object. */
  readonly namespace: string;
  readonly name: string;
  /** Computed when first asked for. */
  readonly attributes: Attributes;
}

/** What the cache must know of a resource. */
export interface ResourceCacheOptions {
  /** Ends in "/". Keys are prefix + namespace + "/" + name or, cluster-scoped, prefix + name. */
  readonly prefix: string;
  readonly namespaced: boolean;
  /** Called at most once per change. `note` is the `Write.note` of a live write, else undefined. */
  attributesOf(value: Uint8Array, note: unknown): Attributes;
  /** Field labels by which a query or watch finds its objects without looking at the others. */
  readonly indexes?: readonly string[];
  /** Bytes read back from disk as they are to be seen, for kinds that change while their objects are stored. */
  refresh?(value: Uint8Array): Uint8Array;
  /** The object's bytes with `revision` in place of its resourceVersion; for objects that leave a selector. */
  withRevision(value: Uint8Array, revision: Revision): Uint8Array;
}

/** A selector, compiled. */
export interface Matcher {
  matches(entry: Entry): boolean;
  /** Everything that matches has this field value; used if the resource has an index of the field. */
  readonly index?: { readonly field: string; readonly value: string };
  /** Everything that matches has this value of this label. */
  readonly label?: { readonly key: string; readonly value: string };
}

export interface CacheQuery {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly match?: Matcher | undefined;
  readonly limit?: number | undefined;
  /** Only objects whose key comes after this one. */
  readonly after?: string | undefined;
  /** The state as of this revision instead of the current one. */
  readonly revision?: Revision | undefined;
}

/** One page of one snapshot, in the order of keys. */
export interface CacheList {
  readonly revision: Revision;
  readonly entries: readonly Entry[];
  /** There are matching objects after this page. */
  readonly more: boolean;
  /** How many objects follow the page; undefined if there was a matcher. */
  readonly remaining: number | undefined;
}

/** What happened to one object in the eyes of one watch. Shared by all watches that see the same. */
export interface CacheEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  /** For a DELETED: the last state, its bytes and `revision` being those of the deletion. */
  readonly entry: Entry;
  /** When it happened. For the events of a watch's initial state: the object's own revision. */
  readonly revision: Revision;
  /** The bytes that `make` returned for this format the first time; all watches share them. */
  encoded(format: string, make: (event: CacheEvent) => Uint8Array): Uint8Array;
}

export interface WatchQuery {
  readonly namespace?: string | undefined;
  readonly match?: Matcher | undefined;
  /** Begin after this revision. Absent: begin with an ADDED for everything there is. */
  readonly after?: Revision | undefined;
  /** Mark the end of the initial state (or of the replay) with a bookmark. */
  readonly initialEvents?: boolean | undefined;
}

/**
 * Receives a watch. Called synchronously, in the order of revisions, possibly before `watch` has returned; must not
 * throw and must not wait: a receiver that cannot keep up ends its watch.
 */
export interface WatchSink {
  events(batch: readonly CacheEvent[]): void;
  /** Everything up to `revision` has been sent; `initialEventsEnd` marks the end of the initial state. */
  bookmark(revision: Revision, initialEventsEnd: boolean): void;
  /** The watch is over and nothing more will come. */
  closed(error: StorageError): void;
}

/** The objects of one resource in memory: what every read of the API is answered from. */
export interface ResourceCache {
  /** How many objects there are. */
  readonly size: number;
  /** How many bytes they have together. */
  readonly bytes: number;
  /** How many watches are live. */
  readonly watches: number;
  /**
   * The newest revision this cache has seen. Every watch whose `watch` call has resolved has been sent everything up
   * to it, so it is what a periodic bookmark carries.
   */
  readonly revision: Revision;
  get(key: string): Entry | undefined;
  /** All objects, or those of one namespace, as they are now. Empty until the cache is loaded. */
  entries(namespace?: string): readonly Entry[];
  /** Rejects with a `StorageError`: `Compacted` or `Future` for the revision asked for, `Closed`. */
  list(query: CacheQuery): Promise<CacheList>;
  /**
   * Starts a watch; resolves once it is live, with the function that ends it. Something that enters the selector is
   * ADDED, something that leaves it DELETED. Rejects like `list`.
   */
  watch(query: WatchQuery, sink: WatchSink): Promise<() => void>;
  /** Resolves with true as soon as the cache has seen `revision`, with false after `timeoutMs`. */
  waitFor(revision: Revision, timeoutMs: number): Promise<boolean>;
}

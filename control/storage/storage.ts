/** Why a storage operation was refused. The set is closed; callers switch on it. */
export type StorageErrorCode =
  /** The write expected something to be there, and nothing is. */
  | "KeyNotFound"
  /** The write expected nothing to be there, and something is. */
  | "KeyExists"
  /** The key has moved on from the expected revision. `current` says to what. */
  | "Conflict"
  /** The revision asked for is older than what is kept. */
  | "Compacted"
  /** The revision asked for has not been written yet. */
  | "Future"
  /** The medium failed (disk full, file gone). Nothing of the write is visible, now or after a restart. */
  | "Unavailable"
  /** The store is closed or is closing. */
  | "Closed";

/** The only error that leaves a storage for an expected outcome. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  constructor(
    readonly code: StorageErrorCode,
    readonly key: string,
    options?: ErrorOptions & { readonly current?: Stored | undefined },
  ) {
    super(`Cannot complete operation on "${key}": ${code}`, options);
    this.current = options?.current;
  }
  /** For `Conflict` and `KeyExists`: what is there (see `Storage.latest`). */
  readonly current: Stored | undefined;
}

declare const revisionBrand: unique symbol;
/**
 * A point in the store's single total order of writes: a whole number below 2^53, one per change, never reused, also
 * after a crash. It is the API's resourceVersion. No arithmetic on it outside `control/storage`.
 */
export type Revision = number & { readonly [revisionBrand]: true };

/** One key as of its last change. The bytes are shared by everybody who reads them: never write into them. */
export interface Stored {
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: Revision;
}

/** One step of the total order. */
export interface Change {
  readonly type: "put" | "delete";
  readonly key: string;
  readonly revision: Revision;
  /** What the key holds now or, for a delete, what `Write.encode` made of its last state. */
  readonly value: Uint8Array;
  /** What the key held before; absent if it did not exist. */
  readonly previous: Stored | undefined;
  /** What the writer attached (see `Write.note`); absent for changes read back from disk. */
  readonly note?: unknown;
}

/** One conditional change of one key. */
export interface Write {
  readonly type: "put" | "delete";
  readonly key: string;
  /** The revision the key must be at; 0: it must not exist; absent: no condition (a delete still needs the key to exist). */
  readonly expected?: Revision | 0;
  /**
   * Makes the bytes, once the revision of this change is known; called at most once, synchronously, after the
   * condition held. For a delete: the object's last state, for those who watch.
   */
  encode(revision: Revision): Uint8Array;
  /** What the writer already knows of the value (its decoded form, labels, …), passed on to live watchers unseen. */
  readonly note?: unknown;
  /**
   * The write is acknowledged from memory and reaches the disk within seconds; a crash may lose it, never its
   * revision. Only for leases (DESIGN: node heartbeats, leader election).
   */
  readonly lazy?: true;
}

export interface ListOptions {
  /** The state as of this revision instead of the current one. */
  readonly revision?: Revision;
  /** Only keys after this one. */
  readonly after?: string;
  /** At most this many keys. */
  readonly limit?: number;
}

/** A snapshot: every item as of one revision, in the order of keys (UTF-16 code units). */
export interface Listing {
  readonly revision: Revision;
  readonly items: readonly Stored[];
}

/** A store that remembers when. Times are wall-clock milliseconds, as good as the clock that they were taken from. */
export interface TimedStorage extends Storage {
  /**
   * When a change was made, at the latest: up to a commit's duration (a lazy write: 20 seconds) too late. Undefined if that
   * is not known (any more).
   */
  timeOf(revision: Revision): number | undefined;
  /** The newest revision made by `time`; undefined if it is older than what can be listed, or not known. */
  revisionAt(time: number): Revision | undefined;
}

/** Receives changes: whole batches, in the order of revisions, each change once. Called synchronously; must not throw. */
export interface ChangeSink {
  changes(batch: readonly Change[]): void;
  /** The stream has ended and will not go on. */
  closed(error: StorageError): void;
}

/**
 * The store behind the API: one keyspace, one total order of changes. Implementations: memory, Deno KV.
 * The contract suite (`contract_suite.ts`) is what every one of them passes. One process owns a store.
 */
export interface Storage {
  /** The newest revision that is durable: what a reader may see. */
  revision(): Revision;
  /** The oldest revision that can still be listed; a watch can start after it. */
  compacted(): Revision;
  /** The durable state of one key. */
  get(key: string): Stored | undefined;
  /**
   * The state of one key that the next write will be judged by. It may not be durable yet: use it to compute a
   * write, never to answer a read.
   */
  latest(key: string): Stored | undefined;
  /**
   * Resolves when what `latest` answers now can be read: an answer that rests on it is given then. False if it was
   * lost instead, because the disk refused it: the caller judges anew. At once if no write of the key is under way.
   */
  settled(key: string): Promise<boolean>;
  /** Keys that start with `prefix`. Throws `Compacted` or `Future` (by rejection). */
  list(prefix: string, options?: ListOptions): Promise<Listing>;
  /**
   * Resolves when the change is durable (or, if `lazy`, ordered). Rejects with a `StorageError`, not before what it was
   * refused for can be read.
   */
  write(write: Write): Promise<Stored>;
  /**
   * Sends every change under `prefix` after revision `after`, then goes on with live ones; resolves when it has come
   * up to the live ones. Throws `Compacted` or `Future`. The returned function ends it, synchronously.
   */
  watch(prefix: string, after: Revision, sink: ChangeSink): Promise<() => void>;
  /** Forgets history before `revision`; current state stays. Resolves when the space may be used again. */
  compact(revision: Revision): Promise<void>;
  /** Finishes the writes under way, then lets go of the medium. */
  close(): Promise<void>;
}

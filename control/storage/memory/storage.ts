import { ChangeHub, under } from "../change_hub.ts";
import { History, undo, walkRewound } from "../history.ts";
import { OrderedMap, prefixRange } from "../ordered_map.ts";
import { refusal } from "../precondition.ts";
import {
  type Change,
  type ChangeSink,
  type Listing,
  type ListOptions,
  type Revision,
  StorageError,
  type Stored,
  type TimedStorage,
  type Write,
} from "../storage.ts";

export interface MemoryStorageOptions {
  /** How many changes are kept for watches and older lists; the oldest go first. Default 10,000. */
  readonly historyLength?: number;
  /** The wall clock; without one, nothing is known of times. */
  readonly now?: () => number;
}

interface TimedChange extends Change {
  readonly time: number | undefined;
}

/**
 * The reference implementation: nothing outlives the process, and every write is durable (as far as that goes) the
 * moment it is made. For tests, and for clusters in one process.
 */
export class MemoryStorage implements TimedStorage {
  readonly #items = new OrderedMap<Stored>();
  // An empty store is at 1, as etcd's is: "0" means "any" to API clients and must not name a state.
  readonly #history = new History<TimedChange>(1 as Revision);
  readonly #hub = new ChangeHub();
  readonly #historyLength: number;
  readonly #now: () => number | undefined;
  #revision = 1 as Revision;
  #newestTime: number | undefined;
  #closed = false;

  constructor(options: MemoryStorageOptions = {}) {
    this.#historyLength = options.historyLength ?? 10_000;
    this.#now = options.now ?? (() => undefined);
  }

  revision(): Revision {
    return this.#revision;
  }

  compacted(): Revision {
    return this.#history.floor;
  }

  timeOf(revision: Revision): number | undefined {
    const [step] = this.#history.since(revision - 1 as Revision);
    return step?.revision === revision ? step.time : undefined;
  }

  revisionAt(time: number): Revision | undefined {
    if (this.#newestTime !== undefined && this.#newestTime <= time) return this.#revision;
    let at = this.#revision;
    for (let back = 0;; back++) {
      const step = this.#history.fromEnd(back);
      if (step?.time === undefined) return undefined;
      if (step.time <= time) return at;
      at = step.revision - 1 as Revision;
    }
  }

  get(key: string): Stored | undefined {
    return this.#items.get(key);
  }

  latest(key: string): Stored | undefined {
    return this.#items.get(key);
  }

  async settled(): Promise<boolean> {
    return true;
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Listing> {
    const revision = options.revision ?? this.#revision;
    this.#assertReadable(prefix, revision);
    const items: Stored[] = [];
    const limit = options.limit ?? Infinity;
    const walk = {
      current: this.#items,
      before: undo(this.#history.since(revision)),
      range: prefixRange(prefix, options.after),
    };
    if (limit > 0) walkRewound<Stored>(walk, (item) => items.push(item) < limit);
    return { revision, items };
  }

  async write(write: Write): Promise<Stored> {
    if (this.#closed) throw new StorageError("Closed", write.key);
    const { type, key, note } = write;
    const previous = this.#items.get(key);
    const refused = refusal(write, previous);
    if (refused) throw refused;
    const revision = this.#revision + 1 as Revision;
    const stored: Stored = { key, value: write.encode(revision), revision };
    this.#revision = revision;
    if (type === "put") this.#items.set(stored);
    else this.#items.delete(key);
    const change: Change = { type, ...stored, previous };
    this.#newestTime = this.#now();
    this.#history.push({ ...change, time: this.#newestTime });
    if (this.#history.length > this.#historyLength) this.#history.shift();
    this.#hub.publish([note === undefined ? change : { ...change, note }]);
    return stored;
  }

  async watch(prefix: string, after: Revision, sink: ChangeSink): Promise<() => void> {
    this.#assertReadable(prefix, after);
    const missed = under(prefix, this.#history.since(after));
    if (missed.length > 0) sink.changes(missed);
    return this.#hub.add(prefix, this.#revision, sink);
  }

  async compact(revision: Revision): Promise<void> {
    if (this.#closed) throw new StorageError("Closed", "");
    if (revision > this.#revision) throw new StorageError("Future", "");
    this.#history.forget(revision);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#hub.close(new StorageError("Closed", ""));
  }

  #assertReadable(key: string, revision: Revision): void {
    if (this.#closed) throw new StorageError("Closed", key);
    if (revision < this.#history.floor) throw new StorageError("Compacted", key);
    if (revision > this.#revision) throw new StorageError("Future", key);
  }
}

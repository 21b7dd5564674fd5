import type { Clock, Timer } from "../../../shared/clock/clock.ts";
import type { Log } from "../../../shared/log/log.ts";
import { ChangeHub, under } from "../change_hub.ts";
import { walkRewound } from "../history.ts";
import { type OrderedMap, prefixRange } from "../ordered_map.ts";
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
import { plainCodec, type ValueCodec } from "../value_codec.ts";
import { Compactor } from "./compactor.ts";
import type { FreeSpace } from "./free_space.ts";
import { type Batch, Journal } from "./journal.ts";
import { compactedKey, type Medium, revisionBytes } from "./layout.ts";
import type { LoadedStore } from "./load.ts";
import type { StoreMark } from "./mark.ts";
import { type LogIndex, Segment } from "./log_index.ts";
import { LogReader } from "./log_reader.ts";
import { Retention, type RetentionLimits } from "./retention.ts";
import { MAX_KEY } from "./segment.ts";

export interface KvStorageOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** How much history is kept; what is not given has the default of `RetentionLimits`. */
  readonly retention?: Partial<RetentionLimits>;
  /**
   * How long a lazy write may stay in memory only, in milliseconds. Default 20,000: a commit of Deno KV writes some
   * 20 KB however small it is, and leases are all that an idle cluster writes.
   */
  readonly lazyFlushMs?: number;
  /** Default: values are stored as they are. */
  readonly codec?: ValueCodec | undefined;
}

/** What a `KvStorage` works on; see `openKvStorage`, which makes it. */
export interface KvStorageParts {
  readonly medium: Medium;
  readonly loaded: LoadedStore;
  /** Lets other processes open the store; called last. */
  readonly release: () => void;
  /** Both are absent on a medium that is no file. */
  readonly mark?: StoreMark;
  readonly space?: FreeSpace;
}

/** A write that is ordered but not yet shown to readers. */
interface Pending {
  readonly change: Change;
  readonly lazy: boolean;
  done(): void;
  fail(error: StorageError): void;
  /** Told whether the change became durable: answers that rest on it. */
  followers?: ((durable: boolean) => void)[];
}

/** So many revisions are set aside at once for lazy writes: a crash skips at most as many. */
const RESERVE = 4096;
/** After so long without a commit there is time to compress the next; so few are, that a start can take its time. */
const QUIET_MS = 100;

/**
 * The store on Deno KV. The current state is in memory; writes are judged there, appended to the open batch and
 * answered when their batch is on disk. While one batch is being written the next one fills (group commit), so that
 * one fsync serves as many writers as there are.
 */
export class KvStorage implements TimedStorage {
  /** Tells this store from all others, for as long as it exists. */
  readonly id: string;
  /** What was found in a form that its codec would not write any more, when the store was opened. */
  readonly stale: readonly Stored[];
  readonly #options: KvStorageOptions;
  readonly #medium: Medium;
  readonly #release: () => void;
  readonly #mark: StoreMark | undefined;
  readonly #space: FreeSpace | undefined;
  readonly #items: OrderedMap<Stored>;
  readonly #index: LogIndex;
  readonly #reader: LogReader;
  readonly #journal: Journal;
  readonly #compactor: Compactor;
  readonly #retention: Retention;
  readonly #hub = new ChangeHub();
  /** Writes that wait for the disk, in the order of revisions, and the newest of them by key. */
  #pending: Pending[] = [];
  readonly #latest = new Map<string, Pending>();
  /** Lazy changes that everybody sees but that are not on disk: older than all of `#pending`. */
  #unflushed: Change[] = [];
  #flushTimer: Timer | undefined;
  /** The newest revision that readers see. */
  #revision: Revision;
  /** The newest revision given to a write. */
  #given: Revision;
  #reserved: Revision;
  /** There are lazy writes, so revisions must be set aside for them. */
  #lazy = false;
  #lastCommit = -Infinity;
  /** The last commit failed; said once in the log, and once more when it is over. */
  #failing = false;
  #committing: Promise<void> | undefined;
  /** What must be done between two commits. */
  readonly #between: (() => Promise<void>)[] = [];
  #closing: Promise<void> | undefined;

  constructor(parts: KvStorageParts, options: KvStorageOptions) {
    const { medium, loaded } = parts;
    this.#options = options;
    this.#medium = medium;
    this.#release = parts.release;
    this.#mark = parts.mark;
    this.#space = parts.space;
    this.id = loaded.id;
    this.#items = loaded.items;
    this.#index = loaded.index;
    this.#revision = this.#given = loaded.revision;
    this.#reserved = loaded.reserved;
    const codec = options.codec ?? plainCodec;
    this.stale = loaded.stale.current;
    this.#reader = new LogReader(medium, this.#index, codec);
    this.#journal = new Journal(medium, loaded.end, codec);
    const { log } = options;
    const { index, graveyard } = loaded;
    this.#compactor = new Compactor(loaded.compacted, {
      medium,
      index,
      graveyard,
      reader: this.#reader,
      stale: loaded.stale.revisions,
      swept: (stopped) => this.#giveBack(stopped),
    });
    this.#compactor.resume();
    this.#retention = new Retention(options.retention ?? {}, {
      clock: options.clock,
      log,
      index,
      revision: () => this.#revision,
      compacted: () => this.compacted(),
      compact: (revision) => this.compact(revision),
    });
  }

  revision(): Revision {
    return this.#revision;
  }

  compacted(): Revision {
    return this.#compactor.compacted;
  }

  timeOf(revision: Revision): number | undefined {
    // Compacted segments are merged, and their times with them.
    return revision > this.compacted() ? this.#index.find(revision)?.time : undefined;
  }

  revisionAt(time: number): Revision | undefined {
    const revision = this.#index.revisionAt(time, this.#revision);
    return revision !== undefined && revision >= this.compacted() ? revision : undefined;
  }

  get(key: string): Stored | undefined {
    return this.#items.get(key);
  }

  latest(key: string): Stored | undefined {
    const change = this.#latest.get(key)?.change;
    if (!change) return this.#items.get(key);
    return change.type === "put" ? storedOf(change) : undefined;
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Listing> {
    const revision = options.revision ?? this.#revision;
    this.#assertReadable(prefix, revision);
    const before = new Map<string, Stored | undefined>();
    let cursor = revision;
    for (let next = this.#index.after(cursor); next; next = this.#index.after(cursor)) {
      const want = { after: cursor, prefix, known: before };
      await this.#statesBefore(next, want).finally(() => this.#assertReadable(prefix, revision));
      cursor = next.last;
    }
    // No await from here on: `before` undoes everything between `revision` and this moment.
    for (const { key, revision, previous } of under(prefix, this.#unflushed)) {
      if (revision > cursor && !before.has(key)) before.set(key, previous);
    }
    const items: Stored[] = [];
    const limit = options.limit ?? Infinity;
    const walk = { current: this.#items, before, range: prefixRange(prefix, options.after) };
    if (limit > 0) walkRewound<Stored>(walk, (item) => items.push(item) < limit);
    return { revision, items };
  }

  settled(key: string): Promise<boolean> {
    const pending = this.#latest.get(key);
    if (pending === undefined) return Promise.resolve(true);
    return new Promise((resolve) => void (pending.followers ??= []).push(resolve));
  }

  async write(write: Write): Promise<Stored> {
    const { type, key, note } = write;
    if (this.#closing) throw new StorageError("Closed", key);
    if (key.length > MAX_KEY) throw new RangeError("Cannot write a key of this length");
    for (let refused; (refused = refusal(write, this.latest(key)));) {
      // A reader must not find the reason missing: it is given when it is durable. If it never is, it was none.
      if (await this.settled(key)) throw refused;
      if (this.#closing) throw new StorageError("Closed", key);
    }
    const previous = this.latest(key);
    const revision = this.#given + 1 as Revision;
    const change: Change = { type, key, revision, value: write.encode(revision), previous };
    this.#given = revision;
    const noted = note === undefined ? change : { ...change, note };
    await new Promise<void>((done, fail) => {
      const pending = { change: noted, lazy: write.lazy === true, done, fail };
      this.#latest.set(key, pending);
      this.#pending.push(pending);
      this.#lazy ||= write.lazy === true;
      if (!this.#committing) this.#advance();
    });
    return storedOf(change);
  }

  async watch(prefix: string, after: Revision, sink: ChangeSink): Promise<() => void> {
    this.#assertReadable(prefix, after);
    let cursor = after;
    const known = new Map<string, Stored>();
    for (let next = this.#index.after(cursor); next; next = this.#index.after(cursor)) {
      const from = cursor;
      // What is compacted meanwhile may be missing: that it was compacted is then the reason to give.
      const missed = await this.#changes(next, { after: from, prefix, known })
        .finally(() => this.#assertReadable(prefix, from));
      cursor = next.last;
      if (missed.length > 0) sink.changes(missed);
    }
    // No await from here on: whatever is shown later reaches the sink through the hub.
    const rest = under(prefix, this.#unflushed.filter((change) => change.revision > cursor));
    if (rest.length > 0) sink.changes(rest);
    return this.#hub.add(prefix, this.#revision, sink);
  }

  async compact(revision: Revision): Promise<void> {
    if (this.#closing) throw new StorageError("Closed", "");
    if (revision > this.#revision) throw new StorageError("Future", "");
    try {
      // The compactor takes what it finds on disk for all there is up to that revision.
      if (this.#unflushed.length > 0 && this.#unflushed[0]!.revision <= revision) {
        await this.#flush();
      }
      await this.#compactor.compact(revision);
    } catch (cause) {
      throw new StorageError("Unavailable", "", { cause });
    }
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** Shows what needs no disk, and starts to write what does. Called when no commit is under way. */
  #advance(): void {
    this.#showLazy();
    // A watcher that was just told may have written, and so have begun the commit already.
    if (this.#committing) return;
    if (this.#pending.length + this.#between.length > 0) this.#committing = this.#commitAll();
    else if (this.#unflushed.length > 0) this.#flushLater();
  }

  /**
   * Lazy writes at the head of the queue are shown without waiting, within the revisions set aside for them; but not
   * while an older write that failed may yet come back: who watched past it would never see it.
   */
  #showLazy(): void {
    if (this.#journal.unsure) return;
    let count = 0;
    while (this.#pending[count]?.lazy && this.#pending[count]!.change.revision <= this.#reserved) {
      count++;
    }
    if (count === 0) return;
    const shown = this.#pending.splice(0, count);
    for (const { change } of shown) {
      const { note: _, ...kept } = change;
      this.#unflushed.push(kept);
    }
    this.#show(shown);
  }

  async #commitAll(): Promise<void> {
    // One turn of the microtask queue, so that writes made together are written together.
    await Promise.resolve();
    while (this.#pending.length + this.#between.length > 0) {
      await this.#between.shift()?.();
      try {
        if (this.#pending.length > 0) await this.#commit();
      } catch (cause) {
        this.#fail(cause);
      }
      this.#showLazy();
    }
    this.#committing = undefined;
    this.#advance();
  }

  /** Writes one batch: first what was shown already, then what waits. */
  async #commit(): Promise<void> {
    const now = this.#options.clock.monotonic();
    const batch = this.#journal.pack(this.#queue(), {
      deflate: now - this.#lastCommit > QUIET_MS,
      time: this.#options.clock.now(),
    });
    this.#lastCommit = now;
    const flushed = Math.min(batch.taken, this.#unflushed.length);
    const written = batch.taken - flushed;
    const last = batch.segments.at(-1)!.last;
    const reserve = this.#lazy && this.#reserved - last < RESERVE / 4
      ? last + RESERVE as Revision
      : undefined;
    await this.#journal.append(batch, reserve);
    if (this.#failing) this.#options.log.info("The store can be written to again");
    this.#failing = false;
    if (reserve !== undefined) this.#reserved = reserve;
    this.#unflushed.splice(0, flushed);
    this.#record(batch);
    if (written === 0) return;
    const shown = this.#pending.splice(0, written);
    if (shown.some(({ lazy }) => !lazy)) this.#mark?.note(last);
    this.#show(shown);
  }

  *#queue(): Iterable<Change> {
    yield* this.#unflushed;
    for (const { change } of this.#pending) yield change;
  }

  #record({ segments }: Batch): void {
    for (const segment of segments) this.#index.append(new Segment(segment));
    this.#retention.grown(segments);
  }

  /** Makes changes visible: to readers, then to watchers, then to their writers. */
  #show(shown: readonly Pending[]): void {
    for (const pending of shown) {
      const { type, key } = pending.change;
      if (type === "put") this.#items.set(storedOf(pending.change));
      else this.#items.delete(key);
      if (this.#latest.get(key) === pending) this.#latest.delete(key);
    }
    this.#revision = shown.at(-1)!.change.revision;
    this.#hub.publish(shown.map(({ change }) => change));
    for (const { done, followers } of shown) {
      done();
      followers?.forEach((tell) => tell(true));
    }
  }

  /** The disk refused: everything that waits may build on what was refused, so all of it is undone. */
  #fail(cause: unknown): void {
    const failed = this.#pending;
    this.#pending = [];
    this.#latest.clear();
    if (!this.#failing) this.#options.log.error("The store cannot be written to", cause);
    this.#failing = true;
    for (const { change, fail, followers } of failed) {
      fail(new StorageError("Unavailable", change.key, { cause }));
      followers?.forEach((tell) => tell(false));
    }
  }

  #flushLater(): void {
    if (this.#closing) return;
    this.#flushTimer ??= this.#options.clock.after(this.#options.lazyFlushMs ?? 20_000, () => {
      this.#flushTimer = undefined;
      this.#flush().catch((error) => {
        this.#options.log.error("Could not write leases to the store", error);
        this.#flushLater();
      });
    });
  }

  /** Writes the lazy changes that are not on disk yet. */
  async #flush(): Promise<void> {
    while (this.#committing) await this.#committing;
    if (this.#unflushed.length === 0) return;
    const flushing = this.#flushAll();
    // Occupies the writers' place, so that there is one commit at a time.
    this.#committing = flushing.catch(() => {}).then(() => {
      this.#committing = undefined;
      this.#advance();
    });
    await flushing;
  }

  async #flushAll(): Promise<void> {
    while (this.#unflushed.length > 0) await this.#commit();
  }

  /** Returns free space of the file to the disk, a little after each commit. */
  async #giveBack(stopped: () => boolean): Promise<void> {
    try {
      await this.#space?.giveBack({
        stopped,
        alone: (step) =>
          new Promise((resolve, reject) => {
            this.#between.push(() => step().then(resolve, reject));
            if (!this.#committing) this.#advance();
          }),
        commit: () =>
          this.#medium.atomic().set(compactedKey, revisionBytes(this.compacted())).commit(),
      });
    } catch (error) {
      this.#options.log.error("Could not return free space of the store to the disk", error);
    }
  }

  async #close(): Promise<void> {
    await this.#compactor.stop();
    this.#retention.stop();
    try {
      await this.#flush();
      while (this.#committing) await this.#committing;
      // Nothing is lost, so no revision needs to be skipped at the next start.
      await this.#journal.release(this.#reserved > this.#given ? this.#given : undefined);
    } catch (error) {
      this.#options.log.error("Could not write leases to the store before closing it", error);
    }
    this.#flushTimer?.cancel();
    await this.#letGo();
    this.#release();
    this.#hub.close(new StorageError("Closed", ""));
  }

  async #letGo(): Promise<void> {
    try {
      await this.#mark?.close(this.#journal.end);
    } catch (error) {
      // Then SQLite must not remove its log: the mark says that there is one. It goes with the process.
      return this.#options.log.error("Could not note that the store is closed", error);
    }
    this.#medium.close();
  }

  /** The changes in a segment after a revision. `known` is brought up to them. */
  async #changes(segment: Segment, want: Wanted<Stored>): Promise<Change[]> {
    const changes: Change[] = [];
    for (const record of await this.#reader.records(segment) ?? []) {
      if (record.revision <= want.after || !record.key.startsWith(want.prefix)) continue;
      const change = await this.#reader.change(record, want.known);
      want.known.set(change.key, storedOf(change));
      changes.push(change);
    }
    return changes;
  }

  /** Adds to `known`, for each key whose first change is in this segment, what it held before. */
  async #statesBefore(segment: Segment, want: Wanted<Stored | undefined>): Promise<void> {
    const { after, prefix, known } = want;
    for (const { key, revision, previous } of await this.#reader.records(segment) ?? []) {
      if (revision <= after || known.has(key) || !key.startsWith(prefix)) continue;
      known.set(key, previous === 0 ? undefined : await this.#reader.stored(key, previous));
    }
  }

  #assertReadable(key: string, revision: Revision): void {
    if (this.#closing) throw new StorageError("Closed", key);
    if (revision < this.compacted()) throw new StorageError("Compacted", key);
    if (revision > this.#revision) throw new StorageError("Future", key);
  }
}

/** Changes to be read back from the log. */
interface Wanted<S> {
  readonly after: Revision;
  readonly prefix: string;
  readonly known: Map<string, S>;
}

function storedOf({ key, value, revision }: Change): Stored {
  return { key, value, revision };
}

import { StatusError } from "../../../shared/meta/status_error.ts";
import { badRequest } from "../../registry/errors.ts";
import {
  type Change,
  type ChangeSink,
  type Revision,
  StorageError,
  type Stored,
  type TimedStorage,
} from "../../storage/storage.ts";

/** The changes of one object that are kept. */
export interface ObjectHistory {
  /** What there was before the first of `changes`, by a change that is not among them; undefined if nothing was. */
  readonly before: Stored | undefined;
  /** Oldest first. */
  readonly changes: readonly Change[];
}

/** How much of a history is wanted: the newest. */
export interface HistoryLimits {
  readonly changes: number;
  readonly bytes: number;
}

/** One walk through the log at a time; so many may wait for theirs. */
const MAX_WAITING = 16;
/** A walk begins anew if the log is compacted under it. */
const ATTEMPTS = 3;

/** What was, read back from the log: for requests that have passed authorization like every other read. */
export class Past {
  readonly #storage: TimedStorage;
  #walk: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(storage: TimedStorage) {
    this.#storage = storage;
  }

  /** When a change was made, in wall-clock milliseconds, if that is known. */
  timeOf(revision: Revision): number | undefined {
    return this.#storage.timeOf(revision);
  }

  /**
   * The revision that an `asOf` parameter means: a revision, or the newest one at a time (RFC 3339). Throws BadRequest
   * for anything else, Expired for a time before what is kept.
   */
  revisionOf(asOf: string): Revision {
    if (/^[1-9]\d{0,15}$/.test(asOf) && Number.isSafeInteger(Number(asOf))) {
      return Number(asOf) as Revision;
    }
    const time = isTime(asOf) ? Date.parse(asOf) : NaN;
    if (Number.isNaN(time)) {
      throw badRequest(`asOf must be a resource version or a time such as 2026-01-02T15:04:05Z`);
    }
    const revision = this.#storage.revisionAt(time);
    if (revision !== undefined) return revision;
    throw new StatusError("Expired", `The state of ${asOf} is not kept any more`);
  }

  /** One object as of a revision that the store has reached; undefined if there was none. Throws Expired. */
  async get(key: string, revision: Revision): Promise<Stored | undefined> {
    const { items: [first] } = await this.#walkThrough(() =>
      this.#storage.list(key, { revision, limit: 1 })
    );
    return first?.key === key ? first : undefined;
  }

  /** Throws Expired, TooManyRequests. */
  async history(key: string, limits: HistoryLimits): Promise<ObjectHistory> {
    return await this.#walkThrough(() => this.#history(key, limits));
  }

  async #history(key: string, limits: HistoryLimits): Promise<ObjectHistory> {
    for (let attempt = 1;; attempt++) {
      const kept = new NewestChanges(key, limits);
      const floor = this.#storage.compacted();
      try {
        const end = await this.#storage.watch(key, floor, kept);
        end();
        const [first] = kept.all;
        const before = first ? first.previous : this.#storage.get(key);
        return { before, changes: kept.all };
      } catch (error) {
        if (!isCompacted(error) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async #walkThrough<T>(read: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MAX_WAITING) {
      throw new StatusError("TooManyRequests", "too many reads of the past are under way", {
        details: { retryAfterSeconds: 1 },
      });
    }
    this.#waiting++;
    const walk = this.#walk.then(read);
    this.#walk = walk.catch(() => undefined);
    try {
      return await walk;
    } catch (error) {
      if (!isCompacted(error)) throw error;
      const message = "The resource version asked for is not kept any more";
      throw new StatusError("Expired", message, { cause: error });
    } finally {
      this.#waiting--;
    }
  }
}

/** Keeps the newest changes of one key: as many as the limits have room for, and at least one. */
class NewestChanges implements ChangeSink {
  readonly #key: string;
  readonly #limits: HistoryLimits;
  readonly all: Change[] = [];
  #bytes = 0;

  constructor(key: string, limits: HistoryLimits) {
    this.#key = key;
    this.#limits = limits;
  }

  changes(batch: readonly Change[]): void {
    for (const change of batch) if (change.key === this.#key) this.#push(change);
  }

  closed(): void {}

  #push(change: Change): void {
    this.all.push(change);
    this.#bytes += change.value.length;
    const { changes, bytes } = this.#limits;
    while (this.all.length > 1 && (this.all.length > changes || this.#bytes > bytes)) {
      this.#bytes -= this.all.shift()!.value.length;
    }
  }
}

function isCompacted(error: unknown): boolean {
  return error instanceof StorageError && error.code === "Compacted";
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text);
}

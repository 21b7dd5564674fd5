import type { Log } from "../../../shared/log/log.ts";
import { OrderedMap } from "../ordered_map.ts";
import type { Revision, Stored } from "../storage.ts";
import { Graveyard } from "./graveyard.ts";
import { deleteKeys } from "./journal.ts";
import {
  blobPrefix,
  compactedKey,
  FORMAT,
  headKey,
  logPrefix,
  type Medium,
  READ_FORMATS,
  reservedKey,
} from "./layout.ts";
import { LogIndex, Segment } from "./log_index.ts";
import { readBlob } from "./log_reader.ts";
import { KvOpenError } from "./open_error.ts";
import { blobOf, type LogRecord, readSegment } from "./segment.ts";

/** Segments read at once at a start: up to 64 KiB each. */
const SEGMENTS_PER_READ = 32;
/** Bytes of a buffer that values share. */
const SLAB = 64 * 1024;

/** The store as its file describes it. */
export interface LoadedStore {
  /** Tells this store from all others, for as long as it exists. */
  readonly id: string;
  readonly items: OrderedMap<Stored>;
  readonly index: LogIndex;
  readonly graveyard: Graveyard;
  /** The newest revision that may have been seen by anybody. */
  readonly revision: Revision;
  readonly compacted: Revision;
  readonly reserved: Revision;
}

export interface LoadOptions {
  /** Names the store in errors. */
  readonly place: string;
  /** The identity of the store if it is new. */
  readonly newId: () => string;
  readonly log: Log;
}

/** Reads a whole store, or makes a new one of an empty medium. Throws `KvOpenError`. */
export async function loadStore(medium: Medium, options: LoadOptions): Promise<LoadedStore> {
  try {
    const head = await readHead(medium);
    const id = head?.store ?? await createHead(medium, options.newId());
    const compacted = await readRevision(medium, compactedKey);
    const reserved = await readRevision(medium, reservedKey);
    const log = new LogScan(compacted);
    const entries = medium.list<Uint8Array>(
      { prefix: logPrefix },
      { reverse: true, batchSize: SEGMENTS_PER_READ },
    );
    for await (const { value } of entries) {
      const blobs = log.take(value);
      for (const record of blobs) log.put(record, await readBlob(medium, record));
    }
    await sweepBlobs(medium, log.blobs).catch((error) => {
      options.log.error("Could not sweep left-over pieces of large values", error);
    });
    const index = log.finish();
    if (head && head.format !== FORMAT) await medium.atomic().set(headKey, headText(id)).commit();
    const last = index.segments.at(-1)?.last ?? compacted;
    return {
      id,
      items: OrderedMap.from(log.items),
      index,
      graveyard: log.graveyard,
      revision: Math.max(last, reserved, compacted) as Revision,
      compacted,
      reserved,
    };
  } catch (error) {
    throw openError(error, options.place);
  }
}

/** An error of the medium or of decoding as what it means to whoever opens the store. */
export function openError(error: unknown, place: string): KvOpenError {
  if (error instanceof KvOpenError) return error;
  if (error instanceof FormatError) return new KvOpenError("Format", place, error.message);
  const message = error instanceof Error ? error.message : String(error);
  const damaged = error instanceof SyntaxError ||
    /not a database|malformed|checksum|corrupt/i.test(message);
  return damaged
    ? new KvOpenError("Corrupt", place, `the file is damaged (${message})`, { cause: error })
    : new KvOpenError("Unreadable", place, message, { cause: error });
}

class FormatError extends Error {}

async function readHead(
  medium: Medium,
): Promise<{ readonly format: unknown; readonly store: string } | undefined> {
  const { value } = await medium.get(headKey);
  if (value === null) {
    for await (const _ of medium.list({ prefix: [] }, { limit: 1 })) {
      throw new FormatError("the file holds something that this program did not write");
    }
    return undefined;
  }
  const head: unknown = typeof value === "string" ? JSON.parse(value) : {};
  const { format, store } = head as { format?: unknown; store?: unknown };
  if (!READ_FORMATS.includes(format) || typeof store !== "string") {
    throw new FormatError(
      `it is in format ${String(format)}, and this program reads formats up to ${FORMAT} only`,
    );
  }
  return { format, store };
}

/** Makes an empty store of an empty medium, with `store` as its identity; returns that. */
export async function createHead(medium: Medium, store: string): Promise<string> {
  const head = headText(store);
  await medium.atomic().set(headKey, head).set(compactedKey, 1).set(reservedKey, 1).commit();
  return store;
}

function headText(store: string): string {
  return JSON.stringify({ format: FORMAT, store });
}

async function readRevision(medium: Medium, key: Deno.KvKey): Promise<Revision> {
  const { value } = await medium.get(key);
  if (typeof value === "number" && Number.isSafeInteger(value)) return value as Revision;
  throw new FormatError(`the file lacks its "${String(key[0])}" entry`);
}

/**
 * Copies of values, many in one buffer: a buffer of its own costs a value some 300 bytes. A buffer lives as long as
 * the last value in it, so what a store holds for values that have since changed is at most what it loaded.
 */
class Slab {
  #buffer = new Uint8Array(0);
  #at = 0;

  copy(value: Uint8Array): Uint8Array {
    if (value.length > SLAB / 4) return value.slice();
    if (this.#at + value.length > this.#buffer.length) {
      this.#buffer = new Uint8Array(SLAB);
      this.#at = 0;
    }
    this.#buffer.set(value, this.#at);
    return this.#buffer.subarray(this.#at, this.#at += value.length);
  }
}

/** Reads the log from its end, so that the first record of each key is its current one and no other is copied. */
class LogScan {
  readonly items: Stored[] = [];
  readonly graveyard = new Graveyard();
  /** Revisions whose values are in pieces. */
  readonly blobs = new Set<Revision>();
  readonly #compacted: Revision;
  readonly #slab = new Slab();
  /** The revision of the next newer record of each key. */
  readonly #newer = new Map<string, Revision>();
  readonly #segments: Segment[] = [];

  constructor(compacted: Revision) {
    this.#compacted = compacted;
  }

  /** Takes the next older segment; returns current records whose values must be read elsewhere and `put`. */
  take(bytes: Uint8Array): LogRecord[] {
    if (!(bytes instanceof Uint8Array)) throw new TypeError("The log is corrupt: not bytes");
    const { records, size, time } = readSegment(bytes);
    const first = records[0]!.revision;
    const segment = new Segment({
      first,
      last: records.at(-1)!.revision,
      records: records.length,
      size,
      blobBytes: records.reduce((sum, one) => one.blob ? sum + blobOf(one).size : sum, 0),
      time,
    });
    const next = this.#segments.at(-1);
    if (next && next.first <= segment.last) throw new TypeError("The log is corrupt: out of order");
    this.#segments.push(segment);
    const elsewhere: LogRecord[] = [];
    const current: LogRecord[] = [];
    for (let i = records.length - 1; i >= 0; i--) {
      const record = records[i]!;
      const newer = this.#newer.get(record.key);
      this.#newer.set(record.key, record.revision);
      if (record.blob) this.blobs.add(record.revision);
      if (record.type === "delete") this.#delete(record, segment);
      else if (newer !== undefined) this.#superseded(record, newer, segment);
      else if (record.blob) elsewhere.push(record);
      else current.push(record);
    }
    // Mostly current: keep what was read. Else it would keep too much that is not.
    const kept = current.reduce((sum, { value }) => sum + value.length, 0);
    const asRead = kept >= records[0]!.value.buffer.byteLength * 0.75;
    for (const record of current) {
      this.put(record, asRead ? record.value : this.#slab.copy(record.value));
    }
    return elsewhere;
  }

  /** Adds a current object. */
  put({ key, revision }: LogRecord, value: Uint8Array): void {
    this.items.push({ key, value, revision });
  }

  /** Called when everything was taken. */
  finish(): LogIndex {
    const index = new LogIndex(this.#segments.reverse());
    for (const [key, revision] of this.graveyard.unneeded()) {
      const segment = index.find(revision)!;
      segment.dead.push(revision);
      segment.deadBytes += key.length;
    }
    return index;
  }

  #delete(record: LogRecord, segment: Segment): void {
    if (record.revision > this.#compacted) return;
    segment.deadBytes += record.value.length;
    segment.hasDeadBlob ||= record.blob;
    this.graveyard.mark(record.key, record.revision);
  }

  /**
   * A record is dead if the change that followed it is compacted. That change may have left the log, but only if it
   * was dead in turn: so if one that is not compacted comes next in the log, it is the one that followed.
   */
  #superseded(record: LogRecord, newer: Revision, segment: Segment): void {
    if (newer > this.#compacted) return;
    const { key, revision, value } = record;
    segment.dead.push(revision);
    segment.deadBytes += value.length + key.length;
    segment.hasDeadBlob ||= record.blob;
    this.graveyard.bury(key);
  }
}

/** Deletes the pieces of large values that no record refers to: a crash came before their record. */
async function sweepBlobs(medium: Medium, known: ReadonlySet<Revision>): Promise<void> {
  const orphans: Deno.KvKey[] = [];
  for (let next = 0;;) {
    const start = [...blobPrefix, next];
    const [found] = await Array.fromAsync(medium.list({ prefix: blobPrefix, start }, { limit: 1 }));
    if (!found) break;
    const revision = found.key[1] as Revision;
    if (!known.has(revision)) {
      for await (const { key } of medium.list({ prefix: [...blobPrefix, revision] })) {
        orphans.push(key);
      }
    }
    next = revision + 1;
  }
  await deleteKeys(medium, orphans);
}

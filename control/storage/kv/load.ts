import type { Log } from "../../../shared/log/log.ts";
import { OrderedMap } from "../ordered_map.ts";
import type { Revision, Stored } from "../storage.ts";
import type { ValueCodec } from "../value_codec.ts";
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
  revisionBytes,
  revisionOf,
} from "./layout.ts";
import { LogIndex, Segment } from "./log_index.ts";
import { readBlob } from "./log_reader.ts";
import { openError, StoreFault } from "./open_error.ts";
import { blobOf, type LogRecord, readSegment } from "./segment.ts";
import { upgradeLog } from "./upgrade.ts";

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
  /** The last revision that the log covers; 0 if it is empty. */
  readonly end: Revision | 0;
  /** It was in an older format and is in this one now, but does not say so yet: `headText` at `headKey` does. */
  readonly outdated: boolean;
  readonly stale: StaleValues;
}

/** What is stored in a form that the codec would not write any more. */
export interface StaleValues {
  readonly current: readonly Stored[];
  /** Of these records, dead ones are to go soon. */
  readonly revisions: Set<Revision>;
}

export interface LoadOptions {
  /** Names the store in errors. */
  readonly place: string;
  /** The identity of the store if it is new. */
  readonly newId: () => string;
  readonly codec: ValueCodec;
  readonly log: Log;
}

/** Reads a whole store, or makes a new one of an empty medium. Throws `KvOpenError`. */
export async function loadStore(medium: Medium, options: LoadOptions): Promise<LoadedStore> {
  try {
    const head = await readHead(medium);
    const id = head?.store ?? await createHead(medium, options.newId());
    const outdated = head !== undefined && head.format !== FORMAT;
    if (outdated) await upgradeLog(medium);
    const compacted = await readRevision(medium, compactedKey);
    const reserved = await readRevision(medium, reservedKey);
    const log = new LogScan(compacted, options.codec);
    const entries = medium.list<Uint8Array>(
      { prefix: logPrefix },
      { reverse: true, batchSize: SEGMENTS_PER_READ },
    );
    for await (const { key, value } of entries) {
      const blobs = log.take(key[1], value);
      for (const record of blobs) log.put(record, await readBlob(medium, record));
    }
    await sweepBlobs(medium, log.blobs).catch((error) => {
      options.log.error("Could not sweep left-over pieces of large values", error);
    });
    const index = log.finish();
    const end = index.segments.at(-1)?.last ?? 0;
    return {
      id,
      items: OrderedMap.from(log.items),
      index,
      graveyard: log.graveyard,
      revision: Math.max(end, reserved, compacted) as Revision,
      compacted,
      reserved,
      end,
      outdated,
      stale: { current: log.stale, revisions: log.staleRevisions },
    };
  } catch (error) {
    throw openError(error, options.place);
  }
}

async function readHead(
  medium: Medium,
): Promise<{ readonly format: unknown; readonly store: string } | undefined> {
  const { value } = await medium.get(headKey);
  if (value === null) {
    for await (const _ of medium.list({ prefix: [] }, { limit: 1 })) {
      throw new StoreFault("Format", "the file holds something that this program did not write");
    }
    return undefined;
  }
  const head: unknown = typeof value === "string" ? JSON.parse(value) : {};
  const { format, store } = head as { format?: unknown; store?: unknown };
  if (!READ_FORMATS.includes(format) || typeof store !== "string") {
    throw new StoreFault(
      "Format",
      `it is in format ${String(format)}, and this program reads formats up to ${FORMAT} only`,
    );
  }
  return { format, store };
}

/** Makes an empty store of an empty medium, with `store` as its identity; returns that. */
export async function createHead(medium: Medium, store: string): Promise<string> {
  const head = headText(store);
  const first = revisionBytes(1 as Revision);
  await medium.atomic().set(headKey, head).set(compactedKey, first).set(reservedKey, first)
    .commit();
  return store;
}

/** What says of a file that it is a store of this format. */
export function headText(store: string): string {
  return JSON.stringify({ format: FORMAT, store });
}

async function readRevision(medium: Medium, key: Deno.KvKey): Promise<Revision> {
  const { value } = await medium.get(key);
  const revision = revisionOf(value);
  if (revision !== undefined) return revision;
  throw new StoreFault("Corrupt", `the file is damaged (its "${String(key[0])}" entry is)`);
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
  readonly stale: Stored[] = [];
  readonly staleRevisions = new Set<Revision>();
  readonly graveyard = new Graveyard();
  /** Revisions whose values are in pieces. */
  readonly blobs = new Set<Revision>();
  readonly #compacted: Revision;
  readonly #codec: ValueCodec;
  readonly #slab = new Slab();
  /** The revision of the next newer record of each key. */
  readonly #newer = new Map<string, Revision>();
  readonly #segments: Segment[] = [];

  constructor(compacted: Revision, codec: ValueCodec) {
    this.#compacted = compacted;
    this.#codec = codec;
  }

  /** Takes the next older segment; returns current records whose values must be read elsewhere and `put`. */
  take(at: unknown, bytes: Uint8Array): LogRecord[] {
    if (!(bytes instanceof Uint8Array)) throw damage("something in the log is not bytes");
    const { last, records, size, time } = readSegment(bytes);
    if (typeof at !== "number" || last === undefined || last < at) {
      throw damage("a part of the log does not say what it covers");
    }
    const segment = new Segment({
      first: at as Revision,
      last,
      records: records.length,
      size,
      blobBytes: records.reduce((sum, one) => one.blob ? sum + blobOf(one).size : sum, 0),
      time,
    });
    const next = this.#segments.at(-1);
    if (next && next.first !== last + 1) {
      const what = next.first > last ? "lacks what came between" : "is in disorder at";
      throw damage(`the log ${what} revisions ${last} and ${next.first}`);
    }
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
    const asRead = kept >= (records[0]?.value.buffer.byteLength ?? 0) * 0.75;
    for (const record of current) {
      this.put(record, asRead ? record.value : this.#slab.copy(record.value));
    }
    return elsewhere;
  }

  /** Adds a current object. Throws `ValueError` if it cannot be read. */
  put({ key, revision }: LogRecord, stored: Uint8Array): void {
    const item = { key, value: this.#codec.decode(key, stored), revision };
    this.items.push(item);
    if (!this.#codec.isOutdated(key, stored)) return;
    this.stale.push(item);
    this.staleRevisions.add(revision);
  }

  /** Called when everything was taken. */
  finish(): LogIndex {
    const oldest = this.#segments.at(-1);
    if (oldest && oldest.first !== 1) {
      throw damage(`the log lacks what came before revision ${oldest.first}`);
    }
    const index = new LogIndex(this.#segments.reverse());
    for (const [key, revision] of this.graveyard.unneeded()) {
      const segment = index.find(revision)!;
      segment.dead.push(revision);
      segment.deadBytes += key.length;
    }
    return index;
  }

  #delete(record: LogRecord, segment: Segment): void {
    const outdated = !record.blob && this.#codec.isOutdated(record.key, record.value);
    if (record.revision > this.#compacted) {
      if (outdated) this.staleRevisions.add(record.revision);
      return;
    }
    segment.hasDeadStale ||= outdated;
    segment.deadBytes += record.value.length;
    segment.hasDeadBlob ||= record.blob;
    this.graveyard.mark(record.key, record.revision);
  }

  /**
   * A record is dead if the change that followed it is compacted. That change may have left the log, but only if it
   * was dead in turn: so if one that is not compacted comes next in the log, it is the one that followed.
   */
  #superseded(record: LogRecord, newer: Revision, segment: Segment): void {
    const { key, revision, value } = record;
    const outdated = !record.blob && this.#codec.isOutdated(key, value);
    if (newer > this.#compacted) {
      if (outdated) this.staleRevisions.add(revision);
      return;
    }
    segment.hasDeadStale ||= outdated;
    segment.dead.push(revision);
    segment.deadBytes += value.length + key.length;
    segment.hasDeadBlob ||= record.blob;
    this.graveyard.bury(key);
  }
}

function damage(what: string): StoreFault {
  return new StoreFault("Corrupt", `the file is damaged (${what})`);
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

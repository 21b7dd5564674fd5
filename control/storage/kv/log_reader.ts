import { crc32 } from "node:zlib";
import { type Change, type Revision, StorageError, type Stored } from "../storage.ts";
import { type ValueCodec, ValueError } from "../value_codec.ts";
import { blobPrefix, type Medium, segmentKey } from "./layout.ts";
import type { LogIndex, Segment } from "./log_index.ts";
import { blobOf, type LogRecord, readSegment } from "./segment.ts";

/** Segments kept decoded: replays look up previous values near one another. */
const KEPT_SEGMENTS = 8;
/** Segments read at once, up to 64 KiB each: what comes of one read is worked through in one stretch. */
const SEGMENTS_PER_READ = 16;
/** A segment may be rewritten between looking it up and reading it; then it is looked up again. */
const ATTEMPTS = 5;

/** Reads changes back from the log. */
export class LogReader {
  readonly #medium: Medium;
  readonly #index: LogIndex;
  readonly #codec: ValueCodec;
  readonly #kept = new Map<Segment, readonly LogRecord[]>();

  constructor(medium: Medium, index: LogIndex, codec: ValueCodec) {
    this.#medium = medium;
    this.#index = index;
    this.#codec = codec;
  }

  /** The records of a segment, or undefined if it is not there any more. Rejects with `Unavailable`. */
  async records(segment: Segment): Promise<readonly LogRecord[] | undefined> {
    const kept = this.#kept.get(segment);
    if (kept) return kept;
    const records = await available(async () => {
      const { value } = await this.#medium.get<Uint8Array>(segmentKey(segment.first));
      return value && readSegment(value).records;
    });
    if (!records) return undefined;
    this.#kept.set(segment, records);
    if (this.#kept.size > KEPT_SEGMENTS) this.#kept.delete(this.#kept.keys().next().value!);
    return records;
  }

  /**
   * The records of neighbouring segments that nobody else rewrites meanwhile, segment by segment, without keeping
   * them. Throws a `TypeError` if one is missing.
   */
  async *run(segments: readonly Segment[]): AsyncGenerator<[Segment, readonly LogRecord[]]> {
    const range = {
      start: segmentKey(segments[0]!.first),
      end: segmentKey(segments.at(-1)!.last + 1 as Revision),
    };
    const batchSize = Math.min(segments.length, SEGMENTS_PER_READ);
    let next = 0;
    for await (const { key, value } of this.#medium.list<Uint8Array>(range, { batchSize })) {
      const segment = segments[next++];
      if (segment?.first !== key[1]) throw new TypeError("The log is not as it was written");
      yield [segment!, readSegment(value).records];
    }
    if (next < segments.length) throw new TypeError("The log lacks a part that was written");
  }

  /** The value of a record, wherever it is. Rejects with `Compacted` if its key has been taken away meanwhile. */
  async value(record: LogRecord): Promise<Uint8Array> {
    const stored = record.blob
      ? await available(() => readBlob(this.#medium, record))
      : record.value;
    try {
      return this.#codec.decode(record.key, stored);
    } catch (cause) {
      if (!(cause instanceof ValueError)) throw cause;
      throw new StorageError("Compacted", record.key, { cause });
    }
  }

  /** What `key` held as of the change with this revision. */
  async stored(key: string, revision: Revision): Promise<Stored> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const segment = this.#index.find(revision);
      const records = segment && await this.records(segment);
      const record = records?.find((one) => one.revision === revision);
      if (record) return { key, revision, value: await this.value(record) };
    }
    throw new StorageError("Unavailable", key);
  }

  /** The record as watchers see it. `known`: states of keys that were read before, newest. */
  async change(record: LogRecord, known: ReadonlyMap<string, Stored>): Promise<Change> {
    const { type, key, revision } = record;
    const value = await this.value(record);
    if (record.previous === 0) return { type, key, revision, value, previous: undefined };
    const last = known.get(key);
    const previous = last?.revision === record.previous
      ? last
      : await this.stored(key, record.previous);
    return { type, key, revision, value, previous };
  }
}

/** The large value that `record` refers to. Throws a `TypeError` if it is not whole. */
export async function readBlob(medium: Medium, record: LogRecord): Promise<Uint8Array> {
  const { size, crc } = blobOf(record);
  const value = new Uint8Array(size);
  let at = 0;
  const pieces = medium.list<Uint8Array>({ prefix: [...blobPrefix, record.revision] });
  for await (const { value: piece } of pieces) {
    if (at + piece.length > size) break;
    value.set(piece, at);
    at += piece.length;
  }
  if (at !== size || crc32(value) !== crc) {
    throw new TypeError(`Cannot read a large value of "${record.key}": its checksum does not fit`);
  }
  return value;
}

async function available<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new StorageError("Unavailable", "", { cause });
  }
}

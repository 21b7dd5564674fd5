import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import type { Keyed } from "../ordered_map.ts";
import type { Revision } from "../storage.ts";
import { MAX_VALUE } from "./layout.ts";

/** One change in the log. */
export interface LogRecord extends Keyed {
  readonly type: "put" | "delete";
  readonly revision: Revision;
  /** The value, or what `blobOf` reads if `blob`. Empty for a delete that is only kept to hide older records. */
  readonly value: Uint8Array;
  readonly blob: boolean;
  /** The revision of what the key held before; 0 if it did not exist. */
  readonly previous: Revision | 0;
  /** The length of the value it held before. */
  readonly previousSize: number;
}

/** The revisions that a segment answers for, whether or not it still has records of them. */
export interface Cover {
  readonly first: Revision;
  readonly last: Revision;
}

/** What is known of a segment without its records. */
export interface SegmentFacts extends Cover {
  readonly records: number;
  /** Bytes it takes before compression. */
  readonly size: number;
  /** Bytes of the large values that its records refer to. */
  readonly blobBytes: number;
  /** As `SegmentOptions.time`. */
  readonly time: number | undefined;
}

/** Records packed into one value of the medium, in the order of revisions. */
export interface PackedSegment extends SegmentFacts {
  readonly bytes: Uint8Array;
}

export interface SegmentOptions {
  /**
   * Spend some 30 µs on making it a fraction of the size, which a store that is mostly idle has and its flash is thankful
   * for.
   */
  readonly deflate?: boolean;
  /** Wall-clock milliseconds: its records were made between this and the time of the segment before. */
  readonly time?: number | undefined;
}

/** Where a large value is to be read back from, and how to tell that it is whole. */
export interface BlobReference {
  readonly size: number;
  readonly crc: number;
}

/** Longest key in UTF-16 code units; the API's own limits stay below half of it. */
export const MAX_KEY = 2048;

const CRC = 4;
const FLAGS = 1;
const TIME = 6;
const LAST = 8;
const HEADER = CRC + FLAGS + TIME + LAST;
const DEFLATED = 1;
const TIMED = 2;
const COVERED = 4;
/** Below this, compression saves no page of the medium. */
const WORTH_DEFLATING = 512;
/** What a record takes beside key and value, at most. Changes as `HEADER` does: files rest on where `isBlob` draws the line. */
const FRAMING = 34;
const DELETE = 1;
const BLOB = 2;

/** Whether a value is too large to share a segment's one value with its key. */
export function isBlob(key: string, size: number): boolean {
  return HEADER + FRAMING + key.length * 3 + size > MAX_VALUE;
}

/** What the log holds in place of a large value. */
export function blobReference(value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, value.length);
  view.setUint32(4, crc32(value));
  return bytes;
}

/** Reads what `blobReference` wrote. */
export function blobOf(record: LogRecord): BlobReference {
  const { buffer, byteOffset, byteLength } = record.value;
  const view = new DataView(buffer, byteOffset, byteLength);
  return { size: view.getUint32(0), crc: view.getUint32(4) };
}

/**
 * Fills segments, one at a time. A segment is a checksum (CRC-32 of the rest), a byte of flags, a time (six bytes, 0 if
 * it is not known), the last revision that it covers (64-bit floating point; its key has the first), then for each
 * record: flags, revision, distance to the previous revision of the key (0: none) and the size of that value, key, value;
 * numbers are little-endian base-128, as in protocol buffers. The segment's flags say whether the records are deflated
 * (RFC 1951), whether there is a time (format 1 had none) and a last revision (before format 3 there was none).
 */
export class SegmentWriter {
  readonly #buffer = new Uint8Array(MAX_VALUE);
  readonly #text = new TextEncoder();
  #at = HEADER;
  #records = 0;
  #blobBytes = 0;
  #last = 0 as Revision;

  /** Adds a record; false if the segment has no room for it. */
  add(record: LogRecord): boolean {
    const { key, value, revision, previous } = record;
    if (this.#at + FRAMING + key.length * 3 + value.length > MAX_VALUE) return false;
    this.#buffer[this.#at++] = (record.type === "delete" ? DELETE : 0) | (record.blob ? BLOB : 0);
    this.#number(revision);
    this.#number(previous === 0 ? 0 : revision - previous);
    if (previous !== 0) this.#number(record.previousSize);
    const { written } = this.#text.encodeInto(key, this.#buffer.subarray(this.#at + 2));
    this.#buffer[this.#at++] = written & 0xff;
    this.#buffer[this.#at++] = written >>> 8;
    this.#at += written;
    this.#number(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
    if (record.blob) this.#blobBytes += blobOf(record).size;
    this.#records++;
    this.#last = revision;
    return true;
  }

  /** The revision of the record that was added last; undefined if the segment has none. */
  get last(): Revision | undefined {
    return this.#records === 0 ? undefined : this.#last;
  }

  /** The segment, ready to be stored, and begins the next. */
  finish({ first, last }: Cover, { deflate = false, time }: SegmentOptions = {}): PackedSegment {
    this.#buffer[CRC] = TIMED | COVERED;
    writeTime(this.#buffer, time ?? 0);
    new DataView(this.#buffer.buffer).setFloat64(CRC + FLAGS + TIME, last);
    const plain = this.#buffer.subarray(0, this.#at);
    const bytes = deflate && plain.length > WORTH_DEFLATING ? deflated(plain) : plain.slice();
    writeChecksum(bytes);
    const segment = {
      first,
      last,
      records: this.#records,
      size: this.#at,
      blobBytes: this.#blobBytes,
      time,
      bytes,
    };
    this.#at = HEADER;
    this.#records = this.#blobBytes = 0;
    return segment;
  }

  #number(n: number): void {
    while (n >= 128) {
      this.#buffer[this.#at++] = (n % 128) | 128;
      n = Math.floor(n / 128);
    }
    this.#buffer[this.#at++] = n;
  }
}

/** A segment as it was before it was packed. */
export interface ReadSegment {
  readonly records: readonly LogRecord[];
  /** As `PackedSegment.size`. */
  readonly size: number;
  /** As `SegmentOptions.time`. */
  readonly time: number | undefined;
  /** The last revision that it covers; undefined if it is of a format that did not say. */
  readonly last: Revision | undefined;
}

/** Reads a segment back; values are views of one buffer. Throws a `TypeError` if it is not what was written. */
export function readSegment(bytes: Uint8Array): ReadSegment {
  const { view, body, timed, covered } = opened(bytes);
  const plain = bytes[CRC]! & DEFLATED ? inflated(body) : body;
  const records: LogRecord[] = [];
  const cursor = { bytes: plain, at: 0 };
  while (cursor.at < plain.length) records.push(readRecord(cursor));
  return {
    records,
    size: HEADER + plain.length,
    time: timed ? readTime(view) || undefined : undefined,
    last: covered ? view.getFloat64(CRC + FLAGS + TIME) as Revision : undefined,
  };
}

/** A segment of an older format as one of this, its records untouched. */
export function withCover(bytes: Uint8Array, last: Revision): Uint8Array {
  const { view, body, timed } = opened(bytes);
  const made = new Uint8Array(HEADER + body.length);
  made[CRC] = bytes[CRC]! | TIMED | COVERED;
  writeTime(made, timed ? readTime(view) : 0);
  new DataView(made.buffer).setFloat64(CRC + FLAGS + TIME, last);
  made.set(body, HEADER);
  writeChecksum(made);
  return made;
}

/** Checks a segment and takes it apart. */
function opened(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < CRC + FLAGS || view.getUint32(0) !== crc32(bytes.subarray(CRC))) {
    throw new TypeError("Cannot read a segment: its checksum does not fit");
  }
  const timed = (bytes[CRC]! & TIMED) !== 0;
  const covered = (bytes[CRC]! & COVERED) !== 0;
  const header = CRC + FLAGS + (timed ? TIME : 0) + (covered ? LAST : 0);
  return { view, body: bytes.subarray(header), timed, covered };
}

function inflated(body: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = inflateRawSync(body, { maxOutputLength: MAX_VALUE });
  return new Uint8Array(buffer, byteOffset, length);
}

function deflated(plain: Uint8Array): Uint8Array<ArrayBuffer> {
  const body = deflateRawSync(plain.subarray(HEADER));
  const bytes = new Uint8Array(HEADER + body.length);
  bytes.set(plain.subarray(0, HEADER));
  bytes[CRC]! |= DEFLATED;
  bytes.set(body, HEADER);
  return bytes;
}

function writeChecksum(bytes: Uint8Array<ArrayBuffer>): void {
  new DataView(bytes.buffer).setUint32(0, crc32(bytes.subarray(CRC)));
}

function writeTime({ buffer }: Uint8Array<ArrayBuffer>, time: number): void {
  const view = new DataView(buffer);
  view.setUint16(CRC + FLAGS, Math.floor(time / 2 ** 32));
  view.setUint32(CRC + FLAGS + 2, time % 2 ** 32);
}

function readTime(view: DataView): number {
  return view.getUint16(CRC + FLAGS) * 2 ** 32 + view.getUint32(CRC + FLAGS + 2);
}

interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
}

const keyText = new TextDecoder();

function readRecord(cursor: Cursor): LogRecord {
  const { bytes } = cursor;
  const flags = bytes[cursor.at++]!;
  const revision = readNumber(cursor) as Revision;
  const distance = readNumber(cursor);
  const previousSize = distance === 0 ? 0 : readNumber(cursor);
  const keyLength = bytes[cursor.at]! | bytes[cursor.at + 1]! << 8;
  const keyAt = cursor.at + 2;
  const key = keyText.decode(bytes.subarray(keyAt, keyAt + keyLength));
  cursor.at = keyAt + keyLength;
  const length = readNumber(cursor);
  const value = bytes.subarray(cursor.at, cursor.at += length);
  return {
    type: flags & DELETE ? "delete" : "put",
    key,
    revision,
    value,
    blob: (flags & BLOB) !== 0,
    previous: distance === 0 ? 0 : revision - distance as Revision,
    previousSize,
  };
}

function readNumber(cursor: Cursor): number {
  let n = 0;
  for (let scale = 1;; scale *= 128) {
    const byte = cursor.bytes[cursor.at++]!;
    n += (byte & 127) * scale;
    if (byte < 128) return n;
  }
}

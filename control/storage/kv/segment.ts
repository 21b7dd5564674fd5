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

/** Records packed into one value of the medium, in the order of revisions. */
export interface PackedSegment {
  readonly first: Revision;
  readonly last: Revision;
  readonly records: number;
  /** Bytes it takes before compression. */
  readonly size: number;
  readonly bytes: Uint8Array;
}

/** Where a large value is to be read back from, and how to tell that it is whole. */
export interface BlobReference {
  readonly size: number;
  readonly crc: number;
}

/** Longest key in UTF-16 code units; the API's own limits stay below half of it. */
export const MAX_KEY = 2048;

const CRC = 4;
const HEADER = CRC + 1;
const PLAIN = 0;
const DEFLATED = 1;
/** Below this, compression saves no page of the medium. */
const WORTH_DEFLATING = 512;
const FRAMING = 48;
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
 * Fills segments, one at a time. A segment is a checksum (CRC-32 of the rest), then for each record: flags, revision,
 * distance to the previous revision of the key (0: none) and the size of that value, key, value; numbers are
 * little-endian base-128, as in protocol buffers. A byte before the records says whether they are deflated (RFC 1951).
 */
export class SegmentWriter {
  readonly #buffer = new Uint8Array(MAX_VALUE);
  readonly #text = new TextEncoder();
  #at = HEADER;
  #records = 0;
  #first = 0 as Revision;
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
    if (this.#records++ === 0) this.#first = revision;
    this.#last = revision;
    return true;
  }

  /**
   * The segment, ready to be stored, and begins the next; undefined if nothing was added. `deflate`: spend some 30 µs
   * on making it a fraction of the size, which a store that is mostly idle has and its flash is thankful for.
   */
  finish(deflate = false): PackedSegment | undefined {
    if (this.#records === 0) return undefined;
    this.#buffer[CRC] = PLAIN;
    const plain = this.#buffer.subarray(0, this.#at);
    const bytes = deflate && plain.length > WORTH_DEFLATING ? deflated(plain) : plain.slice();
    new DataView(bytes.buffer).setUint32(0, crc32(bytes.subarray(CRC)));
    const segment = {
      first: this.#first,
      last: this.#last,
      records: this.#records,
      size: this.#at,
      bytes,
    };
    this.#at = HEADER;
    this.#records = 0;
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
}

/** Reads a segment back; values are views of one buffer. Throws a `TypeError` if it is not what was written. */
export function readSegment(bytes: Uint8Array): ReadSegment {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER || view.getUint32(0) !== crc32(bytes.subarray(CRC))) {
    throw new TypeError("Cannot read a segment: its checksum does not fit");
  }
  const plain = bytes[CRC] === DEFLATED ? inflated(bytes.subarray(HEADER)) : bytes.subarray(HEADER);
  const records: LogRecord[] = [];
  const cursor = { bytes: plain, at: 0 };
  while (cursor.at < plain.length) records.push(readRecord(cursor));
  return { records, size: HEADER + plain.length };
}

function inflated(body: Uint8Array): Uint8Array {
  const { buffer, byteOffset, length } = inflateRawSync(body, { maxOutputLength: MAX_VALUE });
  return new Uint8Array(buffer, byteOffset, length);
}

function deflated(plain: Uint8Array): Uint8Array<ArrayBuffer> {
  const body = deflateRawSync(plain.subarray(HEADER));
  const bytes = new Uint8Array(HEADER + body.length);
  bytes[CRC] = DEFLATED;
  bytes.set(body, HEADER);
  return bytes;
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

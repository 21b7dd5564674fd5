import { crc32 } from "node:zlib";
import type { Revision } from "../storage.ts";

/**
 * What the file holds. The store is a log: every change is a record, records are packed into segments (segment.ts),
 * and the current state is the newest record of each key. A change is thus written once, many changes share one
 * value, and a start reads few large values. Compaction rewrites segments without the records that nobody can ask
 * for any more (compactor.ts).
 *
 * The log stays below about twice the current objects plus twice the history that is kept (retention.ts); what it no
 * longer takes of the file goes back to the disk (database.ts).
 *
 * Every segment covers a range of revisions, and the ranges follow one another without a gap from 1 on, so that a log
 * that lacks a part is recognised (designs/005-damage-and-space.md).
 *
 *     head              which format, which store (JSON text)
 *     compacted         the oldest revision that can be listed
 *     reserved          every revision up to this one may have been given to a lazy write
 *     log, <revision>   the segment that covers revisions from this one on
 *     blob, <revision>, <n>   the n-th piece of the value of this revision, if too large for a segment
 */
export const headKey = ["head"];
export const compactedKey = ["compacted"];
export const reservedKey = ["reserved"];
export const logPrefix = ["log"];
export const blobPrefix = ["blob"];

/**
 * The format this program writes. A change that an older program would misread gets a new number, and a way to read the
 * number before as long as files of it may be about; a program refuses every number that it does not know.
 *
 *     1   segments without a time
 *     2   segments say when their records were made
 *     3   segments say which revisions they cover, and revisions have checksums; a file of an older format becomes one of
 *         this when it is opened (upgrade.ts)
 */
export const FORMAT = 3;
/** The formats this program reads. */
export const READ_FORMATS: readonly unknown[] = [1, 2, FORMAT];

/** Deno KV takes no larger value. */
export const MAX_VALUE = 65_536;
/** Deno KV takes 819,200 bytes of mutations at once; keys and framing need some of it. */
export const MAX_VALUES_PER_COMMIT = 11;
/** Deno KV takes 1,000 mutations at once. */
export const MAX_MUTATIONS = 900;

/** The part of `Deno.Kv` that the store uses, so that tests can hold commits back or make them fail. */
export type Medium = Pick<Deno.Kv, "atomic" | "get" | "list" | "close">;

/** A revision as a value of the file: checked when it is read, because any other number would do as well. */
export function revisionBytes(revision: Revision): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, revision);
  view.setUint32(8, crc32(bytes.subarray(0, 8)));
  return bytes;
}

/** Reads what `revisionBytes` made; undefined if it is not that. */
export function revisionOf(value: unknown): Revision | undefined {
  if (!(value instanceof Uint8Array) || value.length !== 12) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (view.getUint32(8) !== crc32(value.subarray(0, 8))) return undefined;
  return view.getFloat64(0) as Revision;
}

/** Where the segment that covers revisions from this one on is. */
export function segmentKey(first: Revision): Deno.KvKey {
  return [...logPrefix, first];
}

/** Where a piece of a large value is. */
export function blobKey(revision: Revision, piece: number): Deno.KvKey {
  return [...blobPrefix, revision, piece];
}

import type { Revision } from "../storage.ts";

/**
 * What the file holds. The store is a log: every change is a record, records are packed into segments (segment.ts),
 * and the current state is the newest record of each key. A change is thus written once, many changes share one
 * value, and a start reads few large values. Compaction rewrites segments without the records that nobody can ask
 * for any more (compactor.ts).
 *
 * The file stays below about twice the current objects plus twice the history that is kept (retention.ts). SQLite
 * uses freed pages again but never returns them, so it stays as large as it has been once.
 *
 *     head              which format, which store (JSON text)
 *     compacted         the oldest revision that can be listed
 *     reserved          every revision up to this one may have been given to a lazy write
 *     log, <revision>   the segment whose first record has this revision
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
 *     2   segments say when their records were made; a file of format 1 becomes one of format 2 when it is opened
 */
export const FORMAT = 2;
/** The formats this program reads. */
export const READ_FORMATS: readonly unknown[] = [1, FORMAT];

/** Deno KV takes no larger value. */
export const MAX_VALUE = 65_536;
/** Deno KV takes 819,200 bytes of mutations at once; keys and framing need some of it. */
export const MAX_VALUES_PER_COMMIT = 11;
/** Deno KV takes 1,000 mutations at once. */
export const MAX_MUTATIONS = 900;

/** The part of `Deno.Kv` that the store uses, so that tests can hold commits back or make them fail. */
export type Medium = Pick<Deno.Kv, "atomic" | "get" | "list" | "close">;

/** Where the segment that begins with this revision is. */
export function segmentKey(first: Revision): Deno.KvKey {
  return [...logPrefix, first];
}

/** Where a piece of a large value is. */
export function blobKey(revision: Revision, piece: number): Deno.KvKey {
  return [...blobPrefix, revision, piece];
}

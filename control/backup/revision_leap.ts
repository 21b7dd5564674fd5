import type { Revision } from "../storage/storage.ts";

/** 1.1 · 10^12: a year at 35,000 changes a second, and a store can take 8,000 of these leaps. */
const LEAST = 2 ** 40;
/** Changes that no store makes in a second; the fastest that was measured makes half as many. */
const PER_SECOND = 2 ** 17;

/**
 * Where a restored store's revisions begin, above all that may have been given since the backup was made: by the server
 * that it was made of (which went on), and by servers restored from the same file before. `elapsedMs` is the time since
 * then by the clock; the least leap is for clocks that are wrong. Throws a `RangeError` where no revisions would be left.
 */
export function leap(revision: Revision, elapsedMs: number): Revision {
  const seconds = Math.ceil(Math.max(0, elapsedMs) / 1000);
  const next = revision + LEAST + seconds * PER_SECOND;
  if (next > Number.MAX_SAFE_INTEGER - LEAST) {
    throw new RangeError(
      "Cannot go on: the store has used up its revisions, or the clock is wrong",
    );
  }
  return next as Revision;
}

import type { Change, Revision } from "../storage.ts";
import type { ValueCodec } from "../value_codec.ts";
import {
  blobKey,
  blobPrefix,
  logPrefix,
  MAX_MUTATIONS,
  MAX_VALUE,
  MAX_VALUES_PER_COMMIT,
  type Medium,
  reservedKey,
  revisionBytes,
  segmentKey,
} from "./layout.ts";
import {
  blobReference,
  isBlob,
  type LogRecord,
  type PackedSegment,
  type SegmentOptions,
  SegmentWriter,
} from "./segment.ts";

/** Large values of one commit, in bytes: they are written ahead of it, and its writers wait meanwhile. */
const MAX_BLOB_BYTES = 8 * 1024 * 1024;

/** What one commit writes. */
export interface Batch {
  /** How many of the changes offered are in it: the rest is for the next one. */
  readonly taken: number;
  readonly segments: readonly PackedSegment[];
  /** Their values as they are stored. */
  readonly blobs: readonly Change[];
}

/** Writes batches of changes to the end of the log, each entirely or not at all. One `append` at a time. */
export class Journal {
  readonly #medium: Medium;
  readonly #codec: ValueCodec;
  readonly #writer = new SegmentWriter();
  /** The last revision that the log on disk covers. */
  #end: Revision | 0;
  /** A commit failed, and it is not known whether something of it is on disk. */
  #doubt = false;
  #unsure = false;

  /** `end`: the last revision that the log covers; 0 if it is empty. */
  constructor(medium: Medium, end: Revision | 0, codec: ValueCodec) {
    this.#medium = medium;
    this.#end = end;
    this.#codec = codec;
  }

  /**
   * A commit was reported as failed but may have been carried out, and nothing was written since: if the process ended
   * now, the next start would find it. Whatever is shown meanwhile must not come after it.
   */
  get unsure(): boolean {
    return this.#unsure;
  }

  get end(): Revision | 0 {
    return this.#end;
  }

  /** Packs as many of the changes, from the first, as one commit can take: at least one. */
  pack(changes: Iterable<Change>, options: SegmentOptions): Batch {
    const segments: PackedSegment[] = [];
    const blobs: Change[] = [];
    let end = this.#end;
    const finish = () => {
      const { last } = this.#writer;
      if (last === undefined) return;
      segments.push(this.#writer.finish({ first: end + 1 as Revision, last }, options));
      end = last;
    };
    let taken = 0;
    let blobBytes = 0;
    for (const change of changes) {
      const stored = this.#codec.encode(change.key, change.value);
      const blob = isBlob(change.key, stored.length);
      if (blob && blobBytes > 0 && blobBytes + stored.length > MAX_BLOB_BYTES) break;
      const record = this.#recordOf(change, stored, blob);
      if (!this.#writer.add(record)) {
        if (segments.length === MAX_VALUES_PER_COMMIT - 1) break;
        finish();
        this.#writer.add(record);
      }
      taken++;
      if (blob) {
        blobs.push({ ...change, value: stored });
        blobBytes += stored.length;
      }
    }
    finish();
    return { taken, segments, blobs };
  }

  /**
   * Makes the batch durable, and with it the promise that revisions up to `reserve` may be in use. If it rejects,
   * nothing of the batch is visible later, also after a restart (as far as the medium undoes what it failed to do).
   */
  async append(batch: Batch, reserve: Revision | undefined): Promise<void> {
    if (this.#doubt) await this.#clean();
    this.#doubt = true;
    // Large values first, under keys that nothing refers to yet: a crash leaves orphans, which the next start sweeps.
    for (const blob of batch.blobs) await this.#writeBlob(blob);
    const commit = this.#medium.atomic();
    for (const segment of batch.segments) commit.set(segmentKey(segment.first), segment.bytes);
    if (reserve !== undefined) commit.set(reservedKey, revisionBytes(reserve));
    await commit.commit().catch((error) => {
      this.#unsure = !isFull(error);
      throw error;
    });
    this.#doubt = false;
    this.#end = batch.segments.at(-1)?.last ?? this.#end;
  }

  /** Leaves the medium without doubt and, if all revisions up to `reserve` are on disk, without a reserve beyond. */
  async release(reserve: Revision | undefined): Promise<void> {
    if (this.#doubt) await this.#clean();
    this.#doubt = false;
    if (reserve === undefined) return;
    await this.#medium.atomic().set(reservedKey, revisionBytes(reserve)).commit();
  }

  #recordOf(change: Change, stored: Uint8Array, blob: boolean): LogRecord {
    const { type, key, revision, previous } = change;
    return {
      type,
      key,
      revision,
      value: blob ? blobReference(stored) : stored,
      blob,
      previous: previous?.revision ?? 0,
      previousSize: previous ? this.#codec.storedSize(key, previous.value.length) : 0,
    };
  }

  async #writeBlob({ value, revision }: Change): Promise<void> {
    let piece = 0;
    for (let at = 0; at < value.length;) {
      const commit = this.#medium.atomic();
      for (let n = 0; n < MAX_VALUES_PER_COMMIT && at < value.length; n++, at += MAX_VALUE) {
        commit.set(blobKey(revision, piece++), value.subarray(at, at + MAX_VALUE));
      }
      await commit.commit();
    }
  }

  /** Removes whatever failed commits may have left after the end of the log. */
  async #clean(): Promise<void> {
    for (const prefix of [logPrefix, blobPrefix]) {
      const start = [...prefix, this.#end + 1];
      const keys: Deno.KvKey[] = [];
      for await (const { key } of this.#medium.list({ prefix, start })) keys.push(key);
      await deleteKeys(this.#medium, keys);
    }
    this.#unsure = false;
  }
}

/** SQLite had no room to write what commits a transaction, so it did not (SQLITE_FULL). */
function isFull(error: unknown): boolean {
  return error instanceof Error && /disk is full/.test(error.message);
}

/** Deletes keys of which nothing depends on being deleted together. */
export async function deleteKeys(medium: Medium, keys: readonly Deno.KvKey[]): Promise<void> {
  for (let at = 0; at < keys.length; at += MAX_MUTATIONS) {
    const commit = medium.atomic();
    for (const key of keys.slice(at, at + MAX_MUTATIONS)) commit.delete(key);
    await commit.commit();
  }
}

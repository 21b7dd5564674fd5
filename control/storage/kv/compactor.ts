import type { Revision } from "../storage.ts";
import type { Graveyard } from "./graveyard.ts";
import { deleteKeys } from "./journal.ts";
import {
  blobPrefix,
  compactedKey,
  MAX_VALUE,
  type Medium,
  revisionBytes,
  segmentKey,
} from "./layout.ts";
import { type LogIndex, Segment } from "./log_index.ts";
import type { LogReader } from "./log_reader.ts";
import { isBlob, type LogRecord, MAX_KEY, SegmentWriter } from "./segment.ts";

/** What is left of a segment must be below this to be merged with its neighbours. */
const SMALL = MAX_VALUE / 2;
/** What a merge may produce: one segment, with room for what sizes do not count. */
const MERGED = MAX_VALUE - 3 * MAX_KEY;
/** So many small neighbours are merged even if they come to little. */
const MANY = 16;
/** Segments rewritten by one commit at most. */
const MAX_RUN = 256;

export interface CompactorParts {
  readonly medium: Medium;
  readonly index: LogIndex;
  readonly graveyard: Graveyard;
  readonly reader: LogReader;
  /** Records in a form that should not be on the disk any more: once they are dead they go with the next sweep. */
  readonly stale: Set<Revision>;
  /** Called after the log has shrunk, and nothing else of the compactor is under way; must not reject. */
  swept?(stopped: () => boolean): Promise<void>;
}

/**
 * Takes out of the log what nobody can ask for any more. Works beside the writers, in commits of at most one segment
 * of new data; each leaves a log that means the same, so it may stop after any of them.
 */
export class Compactor {
  readonly #parts: CompactorParts;
  #compacted: Revision;
  /** Up to here it is noted which records are dead. Behind `compacted` while that is under way or after it failed. */
  #marked: Revision;
  #work: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(compacted: Revision, parts: CompactorParts) {
    this.#compacted = compacted;
    this.#marked = compacted;
    this.#parts = parts;
  }

  /** The oldest revision that can be asked for. */
  get compacted(): Revision {
    return this.#compacted;
  }

  /** Forgets what came before `revision`, which is on disk. Resolves when the space is free; rejects if the medium fails. */
  compact(revision: Revision): Promise<void> {
    const done = this.#work.then(() => this.#compact(revision));
    this.#work = done.catch(() => {});
    return done;
  }

  /** Sees to what an earlier process may have left to do. */
  resume(): void {
    this.#work = this.#work.then(() => this.#swept());
  }

  /** Ends the work under way at the next commit, and resolves then. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
  }

  async #compact(revision: Revision): Promise<void> {
    if (this.#stopped || revision <= this.#compacted) return;
    await this.#parts.medium.atomic().set(compactedKey, revisionBytes(revision)).commit();
    this.#compacted = revision;
    await this.#mark(revision);
    await this.#sweep();
    await this.#swept();
  }

  async #swept(): Promise<void> {
    if (!this.#stopped) await this.#parts.swept?.(() => this.#stopped);
  }

  /** Notes which records died because the changes that replaced them are compacted now. */
  async #mark(to: Revision): Promise<void> {
    const { index, reader } = this.#parts;
    const segments = index.between(this.#marked, to);
    if (segments.length > 0) {
      for await (const [segment, records] of reader.run(segments)) {
        for (const record of records) {
          if (record.revision > this.#marked && record.revision <= to) {
            this.#settle(record, segment);
          }
        }
        this.#marked = Math.min(segment.last, to) as Revision;
      }
    }
    this.#marked = to;
  }

  #settle(record: LogRecord, segment: Segment): void {
    const { key, previous, previousSize } = record;
    if (previous !== 0) this.#supersede(key, previous, previousSize);
    if (record.type === "put") return;
    segment.deadBytes += record.value.length;
    segment.hasDeadBlob ||= record.blob;
    segment.hasDeadStale ||= this.#parts.stale.delete(record.revision);
    this.#parts.graveyard.mark(key, record.revision);
  }

  #supersede(key: string, revision: Revision, size: number): void {
    const segment = this.#parts.index.find(revision);
    if (!segment) return;
    const blob = isBlob(key, size);
    segment.dead.push(revision);
    segment.deadBytes += key.length + (blob ? 0 : size);
    segment.hasDeadBlob ||= blob;
    segment.hasDeadStale ||= this.#parts.stale.delete(revision);
    this.#parts.graveyard.bury(key);
  }

  async #sweep(): Promise<void> {
    const { index } = this.#parts;
    for (;;) {
      const runs = planSweep(index.upTo(this.#marked));
      if (runs.length === 0) return;
      for (const run of runs) {
        if (this.#stopped) return;
        await this.#rewrite(run);
      }
    }
  }

  async #rewrite(run: readonly Segment[]): Promise<void> {
    const { medium, index, graveyard } = this.#parts;
    const { merged, dropped, blobs } = await this.#merge(run);
    const commit = medium.atomic();
    commit.set(segmentKey(merged.first), merged.bytes);
    for (const segment of run.slice(1)) commit.delete(segmentKey(segment.first));
    await commit.commit();
    index.replace(run, new Segment(merged));
    for (const { type, key } of dropped) {
      if (type === "delete") continue;
      for (const tombstone of graveyard.clear(key)) this.#uncover(key, tombstone);
    }
    // After the records that refer to them: a crash in between leaves orphans, which the next start sweeps.
    for (const revision of blobs) await this.#deleteBlob(revision);
  }

  /** A delete that hides nothing any more can go at the next rewrite. */
  #uncover(key: string, tombstone: Revision): void {
    const segment = this.#parts.index.find(tombstone);
    segment?.dead.push(tombstone);
    if (segment) segment.deadBytes += key.length;
  }

  async #merge(run: readonly Segment[]) {
    const writer = new SegmentWriter();
    const dropped: LogRecord[] = [];
    const blobs: Revision[] = [];
    for await (const [segment, records] of this.#parts.reader.run(run)) {
      const dead = new Set(segment.dead);
      for (const record of records) {
        const gone = dead.has(record.revision);
        const bare = record.type === "delete";
        if (record.blob && (gone || bare)) blobs.push(record.revision);
        if (gone) dropped.push(record);
        else if (!writer.add(bare ? bareTombstone(record) : record)) {
          throw new RangeError("Cannot merge segments: what is left of them does not fit in one");
        }
      }
    }
    // Also if nothing is left: that these revisions have no records must be as certain as those of others.
    const { last, time } = run.at(-1)!;
    const merged = writer.finish({ first: run[0]!.first, last }, { time });
    return { merged, dropped, blobs };
  }

  async #deleteBlob(revision: Revision): Promise<void> {
    const { medium } = this.#parts;
    const keys: Deno.KvKey[] = [];
    for await (const { key } of medium.list({ prefix: [...blobPrefix, revision] })) keys.push(key);
    await deleteKeys(medium, keys);
  }
}

/**
 * Which runs of neighbouring segments to rewrite, of those that nobody replays any more (oldest first): runs in which
 * one is half dead, and runs of small ones that fill half a segment or are many. So at most about half of the log is
 * waste, and a change is rewritten a few times at most however slowly the log grows.
 */
export function planSweep(segments: readonly Segment[]): Segment[][] {
  const runs: Segment[][] = [];
  let run: Segment[] = [];
  let size = 0;
  const close = () => {
    const worth = run.some(isWasteful) ||
      run.length > 1 && (run.length >= MANY || size >= SMALL);
    if (worth) runs.push(run);
    run = [];
    size = 0;
  };
  for (const segment of segments) {
    const left = Math.max(0, segment.size - segment.deadBytes);
    if (size + left > MERGED || run.length === MAX_RUN) close();
    if (left < SMALL || isWasteful(segment)) {
      run.push(segment);
      size += left;
      if (left >= SMALL) close();
    } else close();
  }
  close();
  return runs;
}

function isWasteful(segment: Segment): boolean {
  return segment.hasDeadBlob || segment.hasDeadStale || segment.deadBytes * 2 >= segment.size ||
    segment.records > 0 && segment.dead.length === segment.records;
}

function bareTombstone(record: LogRecord): LogRecord {
  return { ...record, value: new Uint8Array(0), blob: false };
}

import type { Revision } from "../storage.ts";
import type { SegmentFacts } from "./segment.ts";

/** What is known of a segment without reading it. */
export class Segment {
  /** Revisions of records that nobody can ask for any more: the next rewrite drops them. */
  readonly dead: Revision[] = [];
  /** How much a rewrite would save, at least. */
  deadBytes = 0;
  /** A large value hangs on a dead record; only a rewrite frees it. */
  hasDeadBlob = false;
  /** A dead record is in a form that should not be on the disk any more. */
  hasDeadStale = false;

  readonly first: Revision;
  readonly last: Revision;
  readonly records: number;
  readonly size: number;
  readonly blobBytes: number;
  readonly time: number | undefined;

  constructor(facts: SegmentFacts) {
    this.first = facts.first;
    this.last = facts.last;
    this.records = facts.records;
    this.size = facts.size;
    this.blobBytes = facts.blobBytes;
    this.time = facts.time;
  }
}

/** The segments of the log, oldest first; their ranges of revisions follow one another without a gap. */
export class LogIndex {
  #segments: Segment[];

  /** `segments`: oldest first. */
  constructor(segments: Segment[] = []) {
    this.#segments = segments;
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  append(segment: Segment): void {
    this.#segments.push(segment);
  }

  /** The first segment with something after `revision`. */
  after(revision: Revision): Segment | undefined {
    return this.#segments[this.#indexAfter(revision)];
  }

  /** The segments with something after `from` and something up to `to`. */
  between(from: Revision, to: Revision): readonly Segment[] {
    const end = this.find(to) ? this.#indexAfter(to - 1) + 1 : this.#indexAfter(to);
    return this.#segments.slice(this.#indexAfter(from), end);
  }

  /** The segment that covers this revision, if any does. */
  find(revision: Revision): Segment | undefined {
    const segment = this.#segments[this.#indexAfter(revision - 1)];
    return segment && segment.first <= revision ? segment : undefined;
  }

  /** The segments with nothing after `revision`. */
  upTo(revision: Revision): readonly Segment[] {
    return this.#segments.slice(0, this.#indexAfter(revision));
  }

  /**
   * The last revision made by `time`, wall-clock milliseconds, where `newest` is the last of all; undefined if that cannot
   * be told. Where the clock was put back, the later of two such revisions.
   */
  revisionAt(time: number, newest: Revision): Revision | undefined {
    let at = newest;
    for (let i = this.#segments.length - 1; i >= 0; i--) {
      const segment = this.#segments[i]!;
      if (segment.time === undefined) return undefined;
      if (segment.time <= time) return at;
      at = segment.first - 1 as Revision;
    }
    return undefined;
  }

  /** Puts `by` in the place of neighbouring segments. */
  replace(run: readonly Segment[], by: Segment): void {
    const at = this.#segments.indexOf(run[0]!);
    this.#segments.splice(at, run.length, by);
  }

  #indexAfter(revision: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#segments[middle]!.last <= revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

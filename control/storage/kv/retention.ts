import type { Clock, Timer } from "../../../shared/clock/clock.ts";
import type { Log } from "../../../shared/log/log.ts";
import type { Revision } from "../storage.ts";
import type { LogIndex } from "./log_index.ts";
import type { PackedSegment, SegmentFacts } from "./segment.ts";

/** How much history is kept for watches and lists of the past. What is over any limit is compacted, oldest first. */
export interface RetentionLimits {
  /** Every change is kept for so long and an eighth longer, in milliseconds. Default 5 minutes, as etcd's in Kubernetes. */
  readonly ageMs: number;
  /** Default 100,000. */
  readonly changes: number;
  /** In the log, before compression, and of large values. Default 64 MiB. */
  readonly bytes: number;
}

export interface RetentionParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly index: LogIndex;
  revision(): Revision;
  compacted(): Revision;
  compact(revision: Revision): Promise<void>;
}

/** Into how many parts the age is divided: how often it is looked what has passed it. */
const PARTS = 8;

/** Decides when to compact, and how far. */
export class Retention {
  readonly #limits: RetentionLimits;
  readonly #parts: RetentionParts;
  #timer: Timer | undefined;
  /** What was the newest revision at each of the last ticks: the oldest is compacted at the next. */
  readonly #marks: Revision[];
  #changes = 0;
  #bytes = 0;
  #busy = false;

  constructor(limits: Partial<RetentionLimits>, parts: RetentionParts) {
    this.#limits = { ageMs: 300_000, changes: 100_000, bytes: 64 * 1024 * 1024, ...limits };
    this.#parts = parts;
    const now = parts.clock.now() - this.#limits.ageMs;
    this.#marks = Array.from({ length: PARTS }, (_, part) => {
      const time = now + (part + 1) * this.#partMs;
      return parts.index.revisionAt(time, parts.revision()) ?? parts.compacted();
    });
    this.#measure();
    this.#tick();
  }

  /** Called with what was appended to the log. */
  grown(segments: readonly PackedSegment[]): void {
    for (const segment of segments) {
      this.#changes += segment.records;
      this.#bytes += weightOf(segment);
    }
    if (!this.#busy) this.#relieve();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  get #partMs(): number {
    return this.#limits.ageMs / PARTS;
  }

  #tick(): void {
    this.#timer = this.#parts.clock.after(this.#partMs, () => {
      this.#tick();
      const aged = this.#marks.shift()!;
      this.#marks.push(this.#parts.revision());
      // While it is busy, it is forgetting far younger history than this.
      if (!this.#busy) this.#compact(aged).then(() => this.#relieve());
    });
  }

  /** Up to where to compact so that a quarter of the room is free again. */
  #excess(): Revision | undefined {
    const { segments } = this.#parts.index;
    const { changes, bytes } = this.#limits;
    let keptChanges = 0;
    let keptBytes = 0;
    for (let i = segments.length - 1; i >= 0; i--) {
      const segment = segments[i]!;
      if (segment.last <= this.#parts.compacted()) return undefined;
      keptChanges += segment.records;
      keptBytes += weightOf(segment);
      if (keptChanges > changes * 0.75 || keptBytes > bytes * 0.75) return segment.last;
    }
    return undefined;
  }

  async #relieve(): Promise<void> {
    const { changes, bytes } = this.#limits;
    while (this.#changes > changes || this.#bytes > bytes) {
      const revision = this.#excess();
      if (revision === undefined || !await this.#compact(revision)) return;
    }
  }

  /** Whether it could be done. */
  async #compact(revision: Revision): Promise<boolean> {
    if (revision <= this.#parts.compacted()) return false;
    this.#busy = true;
    try {
      await this.#parts.compact(revision);
      return true;
    } catch (error) {
      this.#parts.log.error("Could not compact the store", error);
      return false;
    } finally {
      this.#measure();
      this.#busy = false;
    }
  }

  #measure(): void {
    this.#changes = this.#bytes = 0;
    const { segments } = this.#parts.index;
    for (let i = segments.length - 1; i >= 0; i--) {
      const segment = segments[i]!;
      if (segment.last <= this.#parts.compacted()) return;
      this.#changes += segment.records;
      this.#bytes += weightOf(segment);
    }
  }
}

function weightOf({ size, blobBytes }: SegmentFacts): number {
  return size + blobBytes;
}

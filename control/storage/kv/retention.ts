import type { Clock, Timer } from "../../../shared/clock/clock.ts";
import type { Log } from "../../../shared/log/log.ts";
import type { Revision } from "../storage.ts";
import type { LogIndex } from "./log_index.ts";
import type { PackedSegment } from "./segment.ts";

/** How much history is kept for watches and lists of the past. What is over any limit is compacted, oldest first. */
export interface RetentionLimits {
  /** Every change is kept for so long and at most twice as long, in milliseconds. Default 5 minutes, as etcd's in Kubernetes. */
  readonly ageMs: number;
  /** Default 100,000. */
  readonly changes: number;
  /** In the log, before compression. Default 64 MiB. */
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

/** Decides when to compact, and how far. */
export class Retention {
  readonly #limits: RetentionLimits;
  readonly #parts: RetentionParts;
  #timer: Timer | undefined;
  /** The revision one `ageMs` ago. */
  #aged: Revision;
  #changes = 0;
  #bytes = 0;
  #busy = false;

  constructor(limits: Partial<RetentionLimits>, parts: RetentionParts) {
    this.#limits = { ageMs: 300_000, changes: 100_000, bytes: 64 * 1024 * 1024, ...limits };
    this.#parts = parts;
    this.#aged = parts.revision();
    this.#measure();
    this.#tick();
  }

  /** Called with what was appended to the log. */
  grown(segments: readonly PackedSegment[]): void {
    for (const { records, size } of segments) {
      this.#changes += records;
      this.#bytes += size;
    }
    if (!this.#busy) this.#relieve();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #tick(): void {
    this.#timer = this.#parts.clock.after(this.#limits.ageMs, () => {
      this.#tick();
      const aged = this.#aged;
      this.#aged = this.#parts.revision();
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
      keptBytes += segment.size;
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
      this.#bytes += segment.size;
    }
  }
}

import { type Clock, sleep, type Timer } from "../../shared/clock/clock.ts";
import type { Log } from "../../shared/log/log.ts";
import type { AuditBackend, AuditEvent, AuditMetrics } from "./event.ts";

export interface BatchingOptions {
  /** Events that may wait; more are lost. */
  readonly bufferSize: number;
  readonly maxBatchSize: number;
  /** An event waits at most so long for others, in milliseconds. */
  readonly maxWaitMs: number;
  /** Batches a second, on average; undefined: as many as come. */
  readonly throttle?: { readonly qps: number; readonly burst: number };
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: AuditMetrics;
}

/** Collects events and hands them on in batches, so that no request waits for them. */
export function batching(backend: AuditBackend, options: BatchingOptions): AuditBackend {
  const buffer = new EventBuffer(backend, options);
  return {
    name: `buffered<${backend.name}>`,
    process(events) {
      buffer.add(events);
      return true;
    },
    async close() {
      await buffer.close();
      await backend.close();
    },
  };
}

class EventBuffer {
  readonly #backend: AuditBackend;
  readonly #options: BatchingOptions;
  #waiting: AuditEvent[] = [];
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;
  #tokens: number;
  #refilled: number;
  #complained = false;

  constructor(backend: AuditBackend, options: BatchingOptions) {
    this.#backend = backend;
    this.#options = options;
    this.#tokens = options.throttle?.burst ?? 0;
    this.#refilled = options.clock.monotonic();
  }

  add(events: readonly AuditEvent[]): void {
    const { bufferSize, maxBatchSize, maxWaitMs, clock } = this.#options;
    const room = bufferSize - this.#waiting.length;
    this.#waiting.push(...events.slice(0, room));
    if (events.length > room) this.#lost(events.length - room);
    else this.#complained = false;
    if (this.#waiting.length >= maxBatchSize) return this.#send();
    this.#timer ??= clock.after(maxWaitMs, () => {
      this.#timer = undefined;
      this.#send();
    });
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    while (this.#waiting.length > 0 || this.#sending) {
      this.#send();
      await this.#sending;
    }
  }

  #send(): void {
    this.#sending ??= this.#sendAll().finally(() => this.#sending = undefined);
  }

  /** Batches leave in order; they may be under way together, as in the reference, up to the throttle. */
  async #sendAll(): Promise<void> {
    const { maxBatchSize } = this.#options;
    const underWay: Promise<boolean>[] = [];
    do {
      await this.#token();
      const batch = this.#waiting.splice(0, maxBatchSize);
      underWay.push(Promise.resolve(this.#backend.process(batch)));
    } while (this.#waiting.length >= maxBatchSize);
    await Promise.all(underWay);
  }

  /** Waits until the throttle lets another batch go. */
  async #token(): Promise<void> {
    const { throttle, clock } = this.#options;
    if (!throttle) return;
    const now = clock.monotonic();
    const grown = this.#tokens + (now - this.#refilled) / 1000 * throttle.qps;
    this.#tokens = Math.min(throttle.burst, grown) - 1;
    this.#refilled = now;
    if (this.#tokens < 0) await sleep(clock, -this.#tokens / throttle.qps * 1000);
  }

  #lost(count: number): void {
    const { log, metrics } = this.#options;
    metrics.failed("buffered", count);
    if (!this.#complained) log.warn("Audit events are lost: their buffer is full", { lost: count });
    this.#complained = true;
  }
}

import type { Clock } from "../../shared/clock/clock.ts";

export interface BackOffOptions {
  /** Default 10 s. */
  readonly initialMs?: number;
  /** Default 5 min. */
  readonly maxMs?: number;
}

interface Entry {
  lengthMs: number;
  /** Of the failure that the length follows; wall-clock milliseconds. */
  since: number;
}

/**
 * How long to wait after repeated failures of one thing: nothing after the first, then 10 s doubling to 5 min, and
 * from the start again once it has been well for twice the longest wait.
 */
export class BackOff {
  readonly #clock: Clock;
  readonly #initialMs: number;
  readonly #maxMs: number;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, options: BackOffOptions = {}) {
    this.#clock = clock;
    this.#initialMs = options.initialMs ?? 10_000;
    this.#maxMs = options.maxMs ?? 300_000;
  }

  /** When the next try may be made after a failure at `failedAt`, and how long that wait is. */
  waitOf(key: string, failedAt: number): { readonly until: number; readonly lengthMs: number } {
    const entry = this.#entries.get(key);
    const expired = entry !== undefined && failedAt - entry.since > 2 * this.#maxMs;
    const lengthMs = entry && !expired ? entry.lengthMs : 0;
    return { until: failedAt + lengthMs, lengthMs };
  }

  /** A new try is made: if it fails, the wait is the next longer one. */
  next(key: string): void {
    const now = this.#clock.now();
    const entry = this.#entries.get(key);
    const fresh = !entry || now - entry.since > 2 * this.#maxMs;
    const lengthMs = fresh ? this.#initialMs : Math.min(entry.lengthMs * 2, this.#maxMs);
    this.#entries.set(key, { lengthMs, since: now });
  }

  /** Forgets everything about keys that begin with `prefix`. */
  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key);
  }
}

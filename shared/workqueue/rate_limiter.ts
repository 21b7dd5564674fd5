import type { Clock } from "../clock/clock.ts";

export interface RateLimiterOptions {
  /** Wait after the first failure of a key; doubles with each further one. Default 5 ms. */
  readonly baseMs?: number;
  /** Longest wait of a key. Default 1000 s. */
  readonly maxMs?: number;
  /** Retries a second over all keys. Default 10. */
  readonly perSecond?: number;
  /** Retries that may come at once. Default 100. */
  readonly burst?: number;
}

/** Says how long a failed key must wait: the longer of its own exponential back-off and a bucket over all keys. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #options: Required<RateLimiterOptions>;
  readonly #failures = new Map<string, number>();
  /** When the bucket was, or will be, full enough for the next retry: monotonic milliseconds. */
  #nextFree: number;

  constructor(clock: Clock, options: RateLimiterOptions = {}) {
    this.#clock = clock;
    this.#options = { baseMs: 5, maxMs: 1_000_000, perSecond: 10, burst: 100, ...options };
    this.#nextFree = -Infinity;
  }

  /** Counts one more failure of `key` and returns its wait in milliseconds. */
  waitOf(key: string): number {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    const { baseMs, maxMs } = this.#options;
    return Math.max(Math.min(baseMs * 2 ** failures, maxMs), this.#bucketWait());
  }

  /** The key is well again. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  failuresOf(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  #bucketWait(): number {
    const { perSecond, burst } = this.#options;
    const perToken = 1000 / perSecond;
    const now = this.#clock.monotonic();
    // A bucket as one number: the time at which the taken tokens will all have been refilled.
    this.#nextFree = Math.max(this.#nextFree, now) + perToken;
    return Math.max(0, this.#nextFree - now - burst * perToken);
  }
}

import type { Clock, Timer } from "../clock/clock.ts";
import { RateLimiter, type RateLimiterOptions } from "./rate_limiter.ts";

/**
 * Keys to work on. A key that is added several times is handed out once; a key that is added while it is being worked
 * on is handed out again after `done`, so no change is missed and no key is worked on twice at once. Its size is
 * bounded by the number of distinct keys.
 */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #limiter: RateLimiter;
  /** Waiting to be worked on, including those being worked on that must be again. */
  readonly #dirty = new Set<string>();
  readonly #processing = new Set<string>();
  /** What is handed out next, oldest first: always a part of `#dirty` without `#processing`. */
  readonly #ready = new Set<string>();
  readonly #delayed = new Map<string, { readonly due: number; readonly timer: Timer }>();
  readonly #waiting: ((key: string | undefined) => void)[] = [];
  #stopped = false;

  constructor(clock: Clock, options: RateLimiterOptions = {}) {
    this.#clock = clock;
    this.#limiter = new RateLimiter(clock, options);
  }

  /** Keys that are ready to be handed out. */
  get length(): number {
    return this.#ready.size;
  }

  /** Adds now, or after `delayMs`; of several delays of a key the shortest counts. */
  add(key: string, delayMs = 0): void {
    if (this.#stopped) return;
    if (delayMs > 0) return this.#addLater(key, delayMs);
    if (this.#dirty.has(key)) return;
    this.#dirty.add(key);
    if (!this.#processing.has(key)) this.#makeReady(key);
  }

  /** Adds after the back-off that the key's failures so far call for. Returns that time in milliseconds. */
  retry(key: string): number {
    const wait = this.#limiter.waitOf(key);
    this.add(key, wait);
    return wait;
  }

  /** Forgets the key's failures: its next `retry` is quick again. */
  forget(key: string): void {
    this.#limiter.forget(key);
  }

  failuresOf(key: string): number {
    return this.#limiter.failuresOf(key);
  }

  /** The next key, as soon as there is one; undefined when the queue has stopped. `done` must follow. */
  next(): Promise<string | undefined> {
    if (this.#stopped) return Promise.resolve(undefined);
    for (const key of this.#ready) return Promise.resolve(this.#handOut(key));
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The key that `next` gave has been worked on, well or not. */
  done(key: string): void {
    this.#processing.delete(key);
    if (this.#dirty.has(key) && !this.#stopped) this.#makeReady(key);
  }

  /** Hands out nothing more; idempotent. */
  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    this.#ready.clear();
    this.#dirty.clear();
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
  }

  #addLater(key: string, delayMs: number): void {
    const due = this.#clock.monotonic() + delayMs;
    const known = this.#delayed.get(key);
    if (known && known.due <= due) return;
    known?.timer.cancel();
    const timer = this.#clock.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { due, timer });
  }

  #makeReady(key: string): void {
    const resolve = this.#waiting.shift();
    if (resolve) resolve(this.#handOut(key));
    else this.#ready.add(key);
  }

  #handOut(key: string): string {
    this.#ready.delete(key);
    this.#dirty.delete(key);
    this.#processing.add(key);
    return key;
  }
}

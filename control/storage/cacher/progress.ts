import type { Clock } from "../../../shared/clock/clock.ts";
import type { Revision } from "../storage.ts";

interface Waiter {
  readonly revision: Revision;
  done(seen: boolean): void;
}

/** How far the cache has come in the storage's order of changes, and who waits for it to come further. */
export class Progress {
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();
  #revision: Revision;

  constructor(revision: Revision, clock: Clock) {
    this.#revision = revision;
    this.#clock = clock;
  }

  get revision(): Revision {
    return this.#revision;
  }

  /** Everything up to `revision` has been applied. */
  advance(revision: Revision): void {
    if (revision <= this.#revision) return;
    this.#revision = revision;
    for (const waiter of [...this.#waiters]) {
      if (waiter.revision <= revision) waiter.done(true);
    }
  }

  /** Resolves with true once `revision` is reached, with false after `timeoutMs`. */
  waitFor(revision: Revision, timeoutMs: number): Promise<boolean> {
    if (revision <= this.#revision) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = (seen: boolean) => {
        timer.cancel();
        this.#waiters.delete(waiter);
        resolve(seen);
      };
      const waiter: Waiter = { revision, done };
      const timer = this.#clock.after(timeoutMs, () => done(false));
      this.#waiters.add(waiter);
    });
  }

  /** Nothing will come any more: everybody who waits is told that it was not reached. */
  end(): void {
    for (const waiter of [...this.#waiters]) waiter.done(false);
  }
}

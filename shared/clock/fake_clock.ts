import type { Clock, Timer } from "./clock.ts";

interface Pending {
  readonly at: number;
  readonly order: number;
  readonly task: () => void;
}

/** A clock that stands still until it is told to move. */
export class FakeClock implements Clock {
  #now: number;
  #monotonic = 0;
  #order = 0;
  readonly #pending = new Set<Pending>();

  /** Starts at `start`, wall-clock milliseconds. */
  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(ms: number, task: () => void): Timer {
    const entry = { at: this.#monotonic + Math.max(0, ms), order: this.#order++, task };
    this.#pending.add(entry);
    return { cancel: () => void this.#pending.delete(entry) };
  }

  /** Moves both clocks on by `ms`, making every call that falls due, in order, and lets promises settle between them. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#pending.delete(next);
      this.#move(next.at - this.#monotonic);
      next.task();
      await settle();
    }
    this.#move(end - this.#monotonic);
    await settle();
  }

  /** Moves both clocks on by `ms` at once, making every call that falls due, in order; what follows is not waited for. */
  tick(ms: number): void {
    const end = this.#monotonic + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#pending.delete(next);
      this.#move(next.at - this.#monotonic);
      next.task();
    }
    this.#move(end - this.#monotonic);
  }

  /** Jumps the wall clock alone, as an administrator or NTP does. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** When the earliest pending call falls due, in milliseconds from now. */
  get nextDue(): number | undefined {
    const next = this.#next(Infinity);
    return next && next.at - this.#monotonic;
  }

  #move(ms: number): void {
    this.#monotonic += ms;
    this.#now += ms;
  }

  #next(end: number): Pending | undefined {
    let best: Pending | undefined;
    for (const entry of this.#pending) {
      if (entry.at > end) continue;
      if (!best || entry.at < best.at || (entry.at === best.at && entry.order < best.order)) {
        best = entry;
      }
    }
    return best;
  }
}

/** Lets everything that is ready to run, run: promise chains and message-port deliveries. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}

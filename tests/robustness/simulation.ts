import { setImmediate } from "node:timers";
import type { Clock, Timer } from "../../shared/clock/clock.ts";
import { FakeClock } from "../../shared/clock/fake_clock.ts";

/** So long may a run take in virtual time: whatever waits longer is stuck. */
const MAX_VIRTUAL_MS = 3_600_000;

/** Virtual time for a whole run: everything that waits, waits here, so a seed replays the same interleaving. */
export class Simulation {
  readonly clock = new FakeClock();
  /** Calls of a real medium under way: time stands still until they are answered. */
  busy = 0;

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }

  /** Runs until `work` is settled. Returns false if it is stuck. */
  async run(work: Promise<unknown>): Promise<boolean> {
    let settled = false;
    const done = () => void (settled = true);
    work.then(done, done);
    const end = this.clock.monotonic() + MAX_VIRTUAL_MS;
    for (;;) {
      do await new Promise<void>((resolve) => void setImmediate(resolve)); while (this.busy > 0);
      if (settled) return true;
      const due = this.clock.nextDue;
      if (due === undefined || this.clock.monotonic() > end) return false;
      this.clock.tick(due);
    }
  }

  /** The process is not scheduled for so long: everything that falls due meanwhile happens at once afterwards. */
  pause(ms: number): void {
    this.clock.tick(ms);
  }
}

/** A process's view of the clock: its timers die with it. */
export class ProcessClock implements Clock {
  readonly #clock: Clock;
  #alive = true;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  after(ms: number, task: () => void): Timer {
    return this.#clock.after(ms, () => this.#alive && task());
  }

  kill(): void {
    this.#alive = false;
  }
}

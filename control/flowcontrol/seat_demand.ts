/** What a demand was over a period. */
export interface DemandSummary {
  readonly highWatermark: number;
  readonly average: number;
  readonly deviation: number;
}

/** Weighs a number by how long it lasts. */
export class SeatDemand {
  #value = 0;
  #high = 0;
  #since: number;
  #elapsed = 0;
  #integral = 0;
  #squares = 0;

  /** `now`: monotonic milliseconds, as everywhere here. */
  constructor(now: number) {
    this.#since = now;
  }

  set(value: number, now: number): void {
    this.#account(now);
    this.#value = value;
    if (value > this.#high) this.#high = value;
  }

  /** The demand since the last call; undefined if no time has passed. */
  take(now: number): DemandSummary | undefined {
    this.#account(now);
    const elapsed = this.#elapsed;
    const highWatermark = this.#high;
    const average = this.#integral / elapsed;
    const variance = this.#squares / elapsed - average * average;
    this.#elapsed = this.#integral = this.#squares = 0;
    this.#high = this.#value;
    if (elapsed === 0) return undefined;
    return { highWatermark, average, deviation: variance > 0 ? Math.sqrt(variance) : 0 };
  }

  #account(now: number): void {
    const time = now - this.#since;
    this.#since = now;
    this.#elapsed += time;
    this.#integral += time * this.#value;
    this.#squares += time * this.#value * this.#value;
  }
}

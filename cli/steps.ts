import type { Clock } from "../shared/clock/clock.ts";

/** Tells how work goes on: one line for each step that is done, with the time it took. */
export class Steps {
  readonly #clock: Clock;
  readonly #print: (line: string) => void;
  readonly #start: number;

  constructor(clock: Clock, print: (line: string) => void) {
    this.#clock = clock;
    this.#print = print;
    this.#start = clock.monotonic();
  }

  /** Does one step. What `work` resolves to is what is printed; it says what is true now. */
  async step(work: () => Promise<string>): Promise<void> {
    const start = this.#clock.monotonic();
    const text = await work();
    this.#print(`${seconds(this.#clock.monotonic() - start)}  ${text}`);
  }

  /** All the time since the first step began, e.g. `3.1 s`. */
  get total(): string {
    return seconds(this.#clock.monotonic() - this.#start).trim();
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`.padStart(8);
}

const longest = 32;

/**
 * How many seconds a refused client is asked to wait. It doubles while many are refused and falls by one when few are,
 * so that the load goes down (the reference's dropped requests tracker).
 */
export class RetryAfter {
  /** Refusals of past seconds, oldest first. */
  #history: { readonly second: number; readonly count: number }[] = [];
  #second = -Infinity;
  #count = 0;
  #wait = 1;
  #raised = -Infinity;

  /** Notes a refusal at `now` (milliseconds) and says how long to wait. */
  refuse(now: number): number {
    const second = Math.floor(now / 1000);
    if (second === this.#second) this.#count++;
    else this.#next(second);
    return this.#wait;
  }

  #next(second: number): void {
    if (this.#count > 0) this.#history.push({ second: this.#second, count: this.#count });
    this.#second = second;
    this.#count = 1;
    const kept = Math.min(2 * this.#wait, longest);
    this.#history = this.#history.filter((entry) => second - entry.second <= kept);
    const recent = this.#history.filter((entry) => second - entry.second <= this.#wait)
      .reduce((sum, { count }) => sum + count, 0);
    if (second - this.#raised >= this.#wait && recent >= 3 * this.#wait) {
      this.#wait = Math.min(2 * this.#wait, longest);
      this.#raised = second;
    } else if (recent < this.#wait && this.#wait > 1) this.#wait--;
  }
}

const FIRST_MS = 1000;
const MAX_MS = 15 * 60_000;

/** How long a daemon that keeps ending must wait for its next pod: 1 s to 15 min, doubling, for each set and node. */
export class RestartBackoff {
  readonly #entries = new Map<string, { waitMs: number; until: number }>();

  /**
   * Milliseconds that `key` must still wait at `now` (monotonic); 0: go on, which counts as one more restart. A key
   * that gave no trouble for 15 minutes starts anew.
   */
  waitOf(key: string, now: number): number {
    for (const [other, { until }] of this.#entries) {
      if (until + MAX_MS < now) this.#entries.delete(other);
    }
    const entry = this.#entries.get(key);
    if (!entry) {
      this.#entries.set(key, { waitMs: FIRST_MS, until: now + FIRST_MS });
      return 0;
    }
    if (entry.until > now) return entry.until - now;
    const waitMs = Math.min(entry.waitMs * 2, MAX_MS);
    this.#entries.set(key, { waitMs, until: now + waitMs });
    return 0;
  }
}

import type { Tally } from "./job_plan.ts";

const FIRST_MS = 10_000;
const MAX_MS = 360_000;

interface Entry {
  failed: number;
  succeeded: number;
  /** Failures since the last success. */
  streak: number;
  since: number;
}

/** How long a Job whose pods fail must wait for its next pod: 10 s, doubling to 6 min, until one succeeds. */
export class FailureBackoff {
  readonly #entries = new Map<string, Entry>();

  /** Milliseconds to wait from `now`; 0: go on. `uid` is the Job's. */
  waitOf(uid: string, { counted, now }: { readonly counted: Tally; readonly now: number }): number {
    const { failed, succeeded } = counted;
    let entry = this.#entries.get(uid);
    if (!entry) {
      // What failed before this process started has waited long enough.
      if (failed === 0) return 0;
      entry = { failed: 0, succeeded, streak: 0, since: now };
      this.#entries.set(uid, entry);
    }
    if (succeeded > entry.succeeded) entry.streak = 0;
    else if (failed > entry.failed) {
      entry.streak += failed - entry.failed;
      entry.since = now;
    }
    entry.failed = failed;
    entry.succeeded = succeeded;
    if (entry.streak === 0) return 0;
    const wait = Math.min(MAX_MS, FIRST_MS * 2 ** (entry.streak - 1));
    return Math.max(0, entry.since + wait - now);
  }

  /** The Job is over. */
  forget(uid: string): void {
    this.#entries.delete(uid);
  }
}

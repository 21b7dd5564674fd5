import { type Clock, sleep } from "../../shared/clock/clock.ts";

export interface WaitOptions {
  readonly clock: Clock;
  /** Ends the waiting with an error that names `what`. */
  readonly timeoutMs: number;
  /** Completes "Cannot …": `reach the server`. */
  readonly what: string;
  readonly signal: AbortSignal;
}

const POLL_MS = 50;

/** Asks again and again until `ask` gives something. What `ask` throws ends the waiting. */
export async function waitFor<T>(
  ask: () => Promise<T | undefined>,
  { clock, timeoutMs, what, signal }: WaitOptions,
): Promise<T> {
  const end = clock.monotonic() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (clock.monotonic() >= end) {
      throw new Error(`Cannot ${what}: nothing came within ${timeoutMs / 1000} s`);
    }
    await sleep(clock, POLL_MS, signal);
  }
}

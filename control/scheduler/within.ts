import type { Clock } from "../../shared/clock/clock.ts";

/**
 * Runs `task` with a signal that is aborted after `ms`, with the words of an expired Go context, or when `signal` is.
 */
export async function within<T>(
  task: (signal: AbortSignal) => Promise<T>,
  { clock, ms, signal }: {
    readonly clock: Clock;
    readonly ms: number;
    readonly signal: AbortSignal;
  },
): Promise<T> {
  const over = new AbortController();
  const onStop = () => over.abort(signal.reason);
  signal.addEventListener("abort", onStop, { once: true });
  const timer = clock.after(ms, () => over.abort(new Error("context deadline exceeded")));
  try {
    return await task(over.signal);
  } finally {
    timer.cancel();
    signal.removeEventListener("abort", onStop);
  }
}

/** A pending call; `cancel` is idempotent and harmless after the call was made. */
export interface Timer {
  cancel(): void;
}

/**
 * Time, passed in wherever a decision depends on it, so that a test (or a simulation) can own it.
 * Nothing outside `shared/clock` reads a clock or sets a timer.
 */
export interface Clock {
  /** Wall-clock milliseconds since 1970; may jump. For what users see: timestamps, expiry. */
  now(): number;
  /** Milliseconds that never go back. For durations, back-off and time-outs. */
  monotonic(): number;
  /** Calls `task` once, `ms` milliseconds from now. */
  after(ms: number, task: () => void): Timer;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, task) {
    const id = setTimeout(task, ms);
    return { cancel: () => clearTimeout(id) };
  },
};

/** Resolves after `ms`; rejects with the signal's reason as soon as `signal` is aborted. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal!.reason);
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** A `metav1.Time`: RFC 3339 in UTC, whole seconds. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19) + "Z";
}

/** A `metav1.MicroTime`: RFC 3339 in UTC with six digits of a second. */
export function microTimestamp(ms: number): string {
  const micros = String(Math.floor((ms % 1) * 1000)).padStart(3, "0");
  return new Date(ms).toISOString().slice(0, 23) + micros + "Z";
}

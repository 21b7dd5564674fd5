import type { Clock, Timer } from "../../../shared/clock/clock.ts";
import { StatusError } from "../../../shared/meta/status_error.ts";
import { DurationError, parseDuration } from "../../../shared/resource/duration.ts";
import { badRequest } from "../../registry/errors.ts";
import { isLongRunning } from "../long_running.ts";
import type { Filter } from "../request_context.ts";

export interface RequestDeadlineOptions {
  readonly clock: Clock;
  /** The most that any request has; a `timeout` parameter can ask for less. */
  readonly timeoutMs: number;
}

/**
 * Answers 504 in place of a request that takes too long; what was begun goes on, but its answer is thrown away. What
 * is long-running has no deadline. Placed outside of everything that may take long, authentication included.
 */
export function requestDeadline({ clock, timeoutMs }: RequestDeadlineOptions): Filter {
  const common = new DeadlineQueue(clock, timeoutMs);
  return (c, next) => {
    if (isLongRunning(c.get("info"))) return next();
    const asked = askedTimeout(c.get("query").get("timeout"));
    const soon = asked > 0 && asked < timeoutMs;
    return new Promise<void>((resolve, reject) => {
      const late = () => {
        c.res = lateResponse();
        resolve();
      };
      const timer = soon ? clock.after(asked, late) : common.add(late);
      next().then(() => {
        timer.cancel();
        resolve();
      }, reject);
    });
  };
}

/** Milliseconds; 0 for none. */
function askedTimeout(text: string | null): number {
  if (!text) return 0;
  try {
    return Number(parseDuration(text)) / 1e6;
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    throw badRequest(`invalid timeout specified in the request URL - ${error.message}`);
  }
}

/** As the reference writes it, which knows no kind and no form at this point. */
function lateResponse(): Response {
  const error = new StatusError(
    "Timeout",
    "Timeout: request did not complete within the allotted timeout",
    { details: {} },
  );
  const { kind: _kind, apiVersion: _apiVersion, ...status } = error.toStatus();
  return new Response(`${JSON.stringify(status)}\n`, {
    status: error.code,
    headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-cache, private" },
  });
}

interface Entry extends Timer {
  readonly due: number;
  readonly task: () => void;
}

/** Calls that are all due after the same time, with one timer for the first of them: most are cancelled. */
class DeadlineQueue {
  readonly #clock: Clock;
  readonly #ms: number;
  readonly #entries = new Set<Entry>();
  #armed = false;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
  }

  add(task: () => void): Timer {
    const due = this.#clock.monotonic() + this.#ms;
    const entry: Entry = { due, task, cancel: () => void this.#entries.delete(entry) };
    this.#entries.add(entry);
    if (!this.#armed) this.#arm(this.#ms);
    return entry;
  }

  #arm(ms: number): void {
    this.#armed = true;
    this.#clock.after(ms, () => {
      this.#armed = false;
      this.#callDue();
    });
  }

  #callDue(): void {
    const now = this.#clock.monotonic();
    for (const entry of this.#entries) {
      if (entry.due > now) return this.#arm(entry.due - now);
      this.#entries.delete(entry);
      entry.task();
    }
  }
}

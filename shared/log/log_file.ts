import { type Clock, sleep } from "../clock/clock.ts";
import type { Log } from "./log.ts";

/** How large a log may grow before it is moved to `<path>.1`, in bytes; there is one old log at most. */
const LIMIT_BYTES = 10 * 1024 * 1024;
const CHECK_MS = 60_000;

/**
 * Keeps the file that this process's output is appended to (by whoever started it) from growing without end, until
 * `signal` is aborted. What is written in the instant between copying and emptying is lost.
 */
export async function boundLogFile(
  path: string,
  options: { readonly clock: Clock; readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  const { clock, log, signal } = options;
  let complained = false;
  while (!signal.aborted) {
    try {
      await shortenLogFile(path, LIMIT_BYTES);
    } catch (error) {
      if (!complained) log.error("Log file cannot be shortened", error, { path });
      complained = true;
    }
    await sleep(clock, CHECK_MS, signal).catch(() => undefined);
  }
}

/** Moves the content of a log that is larger than `limit` bytes to `<path>.1` and empties it. Resolves to whether it did. */
export async function shortenLogFile(path: string, limit: number): Promise<boolean> {
  const info = await Deno.stat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (info === undefined || info.size <= limit) return false;
  // Copied, not renamed: the file stays open for appending in the process that writes to it.
  await Deno.copyFile(path, `${path}.1`);
  await Deno.truncate(path, 0);
  return true;
}

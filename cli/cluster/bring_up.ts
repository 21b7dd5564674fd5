import type { Steps } from "../steps.ts";

/** A process that a cluster on this machine is made of. */
export interface ClusterPart {
  /** As a sentence begins: `Server`. */
  readonly title: string;
  /** What is said if it runs already. */
  running(): string | undefined;
  /** Resolves to a sentence when it does what it is for. What it started ends with a rejection. */
  start(signal: AbortSignal): Promise<string>;
  stop(): Promise<void>;
}

/**
 * Starts what does not run yet, in order. If one cannot be started, or `signal` is aborted, those that were started here
 * are stopped again, the last first, and the error is thrown.
 */
export async function bringUp(
  parts: readonly ClusterPart[],
  { steps, signal }: { readonly steps: Steps; readonly signal: AbortSignal },
): Promise<void> {
  const started: ClusterPart[] = [];
  try {
    for (const part of parts) {
      signal.throwIfAborted();
      await steps.step(async () => {
        const already = part.running();
        if (already !== undefined) return already;
        started.unshift(part);
        return await part.start(signal);
      });
    }
  } catch (error) {
    for (const part of started) await part.stop();
    throw error;
  }
}

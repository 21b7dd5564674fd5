import type { KubeObject } from "../../shared/api/kind.ts";
import { type Informer, keyOf, type ObjectKey } from "../../shared/informer/informer.ts";

export interface WaitOptions<T> {
  readonly key: ObjectKey;
  /** May throw: then waiting is of no use. */
  readonly test: (object: T | undefined) => boolean;
  readonly signal: AbortSignal;
}

/** Resolves when `test` holds of what an informer has under `key`; rejects with what it throws, or the signal's reason. */
export function waitForObject<T extends KubeObject>(
  informer: Informer<T>,
  { key, test, signal }: WaitOptions<T>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const check = () => {
    try {
      if (test(informer.get(key))) resolve();
    } catch (error) {
      reject(error);
    }
  };
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  const end = informer.onChange((object, previous) => {
    if (keyOf((object ?? previous)!) === key) check();
  });
  check();
  return promise.finally(() => {
    end();
    signal.removeEventListener("abort", onAbort);
  });
}

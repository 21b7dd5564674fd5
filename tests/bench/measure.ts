import type { Clock } from "../../shared/clock/clock.ts";
import { percentile } from "./figures.ts";
import type { OperationResult } from "./load.ts";

/** An operation that is done many times, some of them at once. */
export interface Operation {
  readonly op: string;
  readonly count: number;
  readonly inFlight: number;
  /** Does it for the i-th time; rejects if it did not succeed. */
  act(i: number): Promise<unknown>;
}

/** Does an operation as often as it says, and measures. What failed is counted and told in the note. */
export async function measure(operation: Operation, clock: Clock): Promise<OperationResult> {
  const { op, count, inFlight, act } = operation;
  const latencies: number[] = [];
  const failures: unknown[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const i = next++;
      const begun = clock.monotonic();
      await act(i).catch((error) => failures.push(error));
      latencies.push(clock.monotonic() - begun);
    }
  };
  const begun = clock.monotonic();
  await Promise.all(Array.from({ length: inFlight }, worker));
  const seconds = (clock.monotonic() - begun) / 1000;
  return {
    op,
    n: count,
    per_s: count / seconds,
    p50_ms: percentile(latencies, 0.5),
    p99_ms: percentile(latencies, 0.99),
    ...(failures.length > 0 && { note: `FAILED ${failures.length}: ${failures[0]}` }),
  };
}

/** Most that one run of a controller creates or deletes. */
export const BURST = 500;

/**
 * Calls `work` for 0 to `count - 1` in growing batches (1, 2, 4, …) and stops at the first batch with a failure: a
 * cluster that refuses (quota, broken admission) hears one refusal instead of hundreds. Returns how many succeeded
 * and the first error.
 */
export async function slowStart(
  count: number,
  work: (index: number) => Promise<void>,
): Promise<{ succeeded: number; error?: unknown }> {
  let succeeded = 0;
  let at = 0;
  for (let size = 1; at < count; size *= 2) {
    const batch = Array.from({ length: Math.min(size, count - at) }, (_, i) => work(at + i));
    const results = await Promise.allSettled(batch);
    at += batch.length;
    succeeded += results.filter(({ status }) => status === "fulfilled").length;
    const failed = results.find((result) => result.status === "rejected");
    if (failed) return { succeeded, error: failed.reason };
  }
  return { succeeded };
}

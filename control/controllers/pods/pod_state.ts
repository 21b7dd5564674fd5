import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { findCondition, isConditionTrue } from "../../../shared/meta/conditions.ts";

/** Not finished and not being deleted: what counts as a replica. */
export function isActive(pod: Pod): boolean {
  return !isTerminal(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** Succeeded or Failed: nothing of it runs, and nothing will. */
export function isTerminal(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase === "Succeeded" || phase === "Failed";
}

export function isReady(pod: Pod): boolean {
  return isConditionTrue(pod.status?.conditions, "Ready");
}

/** Ready for at least `minReadySeconds` at `now` (milliseconds). */
export function isAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  return isReady(pod) && availableInMs(pod, minReadySeconds, now) <= 0;
}

/** For a ready pod, the milliseconds from `now` until it counts as available; 0 or less if it does. */
export function availableInMs(pod: Pod, minReadySeconds: number, now: number): number {
  if (minReadySeconds === 0) return 0;
  const since = findCondition(pod.status?.conditions, "Ready")?.lastTransitionTime;
  return since === undefined ? Infinity : Date.parse(since) + minReadySeconds * 1000 - now;
}

/**
 * When a status that counts available pods must be computed again although nothing changes: the milliseconds until the
 * next ready pod becomes available, or undefined if none will.
 */
export function nextAvailableMs(
  pods: readonly Pod[],
  minReadySeconds: number,
  now: number,
): number | undefined {
  let next: number | undefined;
  for (const pod of pods) {
    if (!isReady(pod)) continue;
    const left = availableInMs(pod, minReadySeconds, now);
    if (left > 0 && left < (next ?? Infinity)) next = left;
  }
  return next;
}

import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { findCondition } from "../../../shared/meta/conditions.ts";
import { isReady } from "./pod_state.ts";

export interface RankingOptions {
  /** Pods on each node that serve the same purpose; where there are more, one can better be spared. */
  readonly perNode: ReadonlyMap<string, number>;
  /** Wall-clock milliseconds. */
  readonly now: number;
}

const phases: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * `pods` in the order in which they should go when there are too many: not yet bound, not running, not ready, cheap by
 * `controller.kubernetes.io/pod-deletion-cost`, crowded, ready for a short time, often restarted, young (the order of
 * the replicaset documentation). Ages count by their order of magnitude, so that among pods of similar age chance
 * (the UID) decides and not always the youngest goes.
 */
export function rankForDeletion(pods: readonly Pod[], options: RankingOptions): Pod[] {
  const keys = new Map(pods.map((pod) => [pod, rankOf(pod, options)]));
  return [...pods].sort((a, b) => {
    const left = keys.get(a)!;
    const right = keys.get(b)!;
    const at = left.findIndex((value, i) => value !== right[i]);
    if (at >= 0) return left[at]! - right[at]!;
    return (a.metadata.uid ?? "") < (b.metadata.uid ?? "") ? -1 : 1;
  });
}

/** Compared from left to right; the smaller goes first. */
function rankOf(pod: Pod, { perNode, now }: RankingOptions): readonly number[] {
  const node = pod.spec?.nodeName ?? "";
  const ready = isReady(pod);
  const readySince = findCondition(pod.status?.conditions, "Ready")?.lastTransitionTime;
  return [
    node === "" ? 0 : 1,
    phases[pod.status?.phase ?? ""] ?? 0,
    ready ? 1 : 0,
    deletionCost(pod),
    -(perNode.get(node) ?? 0),
    ready ? magnitude(readySince, now) : 0,
    -restarts(pod),
    magnitude(pod.metadata.creationTimestamp, now),
  ];
}

function deletionCost(pod: Pod): number {
  const cost = Number(pod.metadata.annotations?.["controller.kubernetes.io/pod-deletion-cost"]);
  return Number.isFinite(cost) ? cost : 0;
}

function restarts(pod: Pod): number {
  const statuses = pod.status?.containerStatuses ?? [];
  return statuses.reduce((most, { restartCount = 0 }) => Math.max(most, restartCount), 0);
}

/** An unset time is taken as just now. */
function magnitude(time: string | undefined, now: number): number {
  if (time === undefined) return 0;
  return Math.floor(Math.log2(Math.max(1, (now - Date.parse(time)) / 1000)));
}

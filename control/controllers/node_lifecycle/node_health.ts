import type { Node, NodeCondition, Taint } from "../../../shared/api/core/v1/types.gen.ts";
import { findCondition } from "../../../shared/meta/conditions.ts";

export const NOT_READY = "node.kubernetes.io/not-ready";
export const UNREACHABLE = "node.kubernetes.io/unreachable";
export const OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";

/** What a kubelet reports and silence makes unknown. */
const reported = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] as const;
const noSchedule: Readonly<Record<string, string>> = {
  MemoryPressure: "node.kubernetes.io/memory-pressure",
  DiskPressure: "node.kubernetes.io/disk-pressure",
  PIDPressure: "node.kubernetes.io/pid-pressure",
  NetworkUnavailable: "node.kubernetes.io/network-unavailable",
};
const UNSCHEDULABLE = "node.kubernetes.io/unschedulable";
const ours: ReadonlySet<string> = new Set([
  NOT_READY,
  UNREACHABLE,
  UNSCHEDULABLE,
  ...Object.values(noSchedule),
]);

/** Status of the node's Ready condition; a node that never reported is unknown. */
export function readiness(node: Node): "True" | "False" | "Unknown" {
  const status = findCondition(node.status?.conditions, "Ready")?.status;
  return status === "True" || status === "False" ? status : "Unknown";
}

/** The conditions of a node from which nothing was heard for too long; the same list if they say so already. */
export function silentConditions(
  node: Node,
  now: string,
): readonly NodeCondition[] {
  let conditions: readonly NodeCondition[] = node.status?.conditions ?? [];
  for (const type of reported) {
    const known = findCondition(conditions, type);
    if (known?.status === "Unknown") continue;
    const next: NodeCondition = {
      type,
      status: "Unknown",
      reason: known ? "NodeStatusUnknown" : "NodeStatusNeverUpdated",
      message: known ? "Kubelet stopped posting node status." : "Kubelet never posted node status.",
      lastHeartbeatTime: known?.lastHeartbeatTime ?? node.metadata.creationTimestamp,
      lastTransitionTime: now,
    };
    conditions = [...conditions.filter((condition) => condition.type !== type), next];
  }
  return conditions;
}

export interface TaintOptions {
  /** Whether pods may be driven off a node that is not ready. */
  readonly evict: "yes" | "no" | "keep";
  /** As a `metav1.Time`. */
  readonly now: string;
}

/**
 * The taints that a node should have: NoSchedule for each bad condition, NoExecute for a node that is not ready.
 * Taints of others, and when ours were added, are kept; the same list if nothing changes.
 */
export function wantedTaints(node: Node, { evict, now }: TaintOptions): readonly Taint[] {
  const old = node.spec?.taints ?? [];
  const ready = readiness(node);
  const key = ready === "True" ? undefined : ready === "False" ? NOT_READY : UNREACHABLE;
  const wanted = new Map<string, Taint>();
  const add = (key: string, effect: string) =>
    wanted.set(`${key}:${effect}`, { key, effect, timeAdded: now });
  if (key) add(key, "NoSchedule");
  for (const { type, status } of node.status?.conditions ?? []) {
    const pressure = noSchedule[type];
    if (pressure && status === "True") add(pressure, "NoSchedule");
  }
  if (node.spec?.unschedulable) add(UNSCHEDULABLE, "NoSchedule");
  const hasNoExecute = old.some((taint) =>
    taint.effect === "NoExecute" && (taint.key === NOT_READY || taint.key === UNREACHABLE)
  );
  if (key && (evict === "yes" || (evict === "keep" && hasNoExecute))) add(key, "NoExecute");
  const kept = old.filter((taint) => {
    const mine = ours.has(taint.key) && taint.effect !== "PreferNoSchedule";
    return !mine || wanted.delete(`${taint.key}:${taint.effect}`);
  });
  if (kept.length === old.length && wanted.size === 0) return old;
  return [...kept, ...wanted.values()];
}

/** How much of a zone is silent, which decides whether the nodes or the view of them is broken. */
export type ZoneState = "normal" | "partial" | "full";

/** A zone with at least this share of nodes not ready is partly disrupted. */
const UNHEALTHY_SHARE = 0.55;

export function zoneState(ready: number, notReady: number): ZoneState {
  if (ready === 0 && notReady > 0) return "full";
  return notReady > 2 && notReady / (ready + notReady) >= UNHEALTHY_SHARE ? "partial" : "normal";
}

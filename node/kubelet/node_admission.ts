import type { Node, Pod } from "../../shared/api/core/v1/types.gen.ts";
import type { PodFailure } from "./pod_status.ts";
import { podRequests, totals } from "./resources.ts";
import { hostPorts } from "./sandbox.ts";

/**
 * Whether the node takes a pod that was assigned to it, next to those that it has: the last line of defence against
 * a scheduler that knew too little. Undefined: it does.
 */
export function admitPod(
  pod: Pod,
  others: readonly Pod[],
  node: {
    readonly allocatable: Readonly<Record<string, string>>;
    readonly object: Node | undefined;
  },
): PodFailure | undefined {
  return lacksResources(pod, others, node.allocatable) ?? lacksPort(pod, others) ??
    wrongNode(pod, node.object);
}

function lacksResources(
  pod: Pod,
  others: readonly Pod[],
  allocatable: Readonly<Record<string, string>>,
): PodFailure | undefined {
  const capacity = totals(allocatable);
  const podLimit = capacity["pods"] ?? Infinity;
  if (others.length + 1 > podLimit) return outOf("pods", 1, others.length, podLimit);
  for (const [name, requested] of Object.entries(podRequests(pod))) {
    if (requested === 0) continue;
    const used = others.reduce((sum, other) => sum + (podRequests(other)[name] ?? 0), 0);
    const available = capacity[name] ?? 0;
    if (used + requested > available) return outOf(name, requested, used, available);
  }
  return undefined;
}

function outOf(name: string, requested: number, used: number, capacity: number): PodFailure {
  return {
    reason: `OutOf${name}`,
    message:
      `Pod was rejected: Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  };
}

function lacksPort(pod: Pod, others: readonly Pod[]): PodFailure | undefined {
  const key = (port: { hostPort: number; protocol: string }) => `${port.protocol}/${port.hostPort}`;
  const taken = others.flatMap(hostPorts);
  const clash = hostPorts(pod).some((port) =>
    taken.some((other) =>
      key(other) === key(port) &&
      (!other.hostIp || !port.hostIp || other.hostIp === port.hostIp)
    )
  );
  if (!clash) return undefined;
  return {
    reason: "NodePorts",
    message:
      "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  };
}

function wrongNode(pod: Pod, node: Node | undefined): PodFailure | undefined {
  const labels = node?.metadata.labels ?? {};
  const selector = Object.entries(pod.spec?.nodeSelector ?? {});
  if (!node || selector.every(([name, value]) => labels[name] === value)) return undefined;
  return {
    reason: "NodeAffinity",
    message:
      "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  };
}

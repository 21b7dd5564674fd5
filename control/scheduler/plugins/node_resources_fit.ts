import { isExtendedResource } from "../../../shared/api/core/v1/resource_names.ts";
import type { NodeInfo } from "../cache/node_info.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import type { PluginArgs } from "../configuration/plugin_args.ts";
import {
  type ClusterEvent,
  type Plugin,
  type PluginHandle,
  success,
  type Verdict,
} from "../framework.ts";
import { resourceScore } from "../resource_scoring.ts";

/** Keeps pods off nodes that lack what they request, and ranks nodes by how full they would be. */
export function nodeResourcesFit(_handle: PluginHandle, args: PluginArgs): Plugin {
  const { scoringStrategy, ignoredResources, ignoredResourceGroups } = args.NodeResourcesFit;
  const score = resourceScore(scoringStrategy);
  const names = new Set(ignoredResources);
  const groups = new Set(ignoredResourceGroups);
  const isIgnored = (name: string) =>
    isExtendedResource(name) && (names.has(name) || groups.has(name.split("/")[0]!));
  const ignored = names.size + groups.size === 0 ? undefined : isIgnored;
  const fitsNow = (pod: PodInfo, { node }: ClusterEvent) =>
    node === undefined || fits(pod, node, ignored);
  return {
    name: "NodeResourcesFit",
    filter: (pod, node) => fits(pod, node, ignored) ? success : shortage(pod, node, ignored),
    score: ({ rankedRequests }, node) => score(node, rankedRequests),
    wakeOn: {
      NodeAdd: fitsNow,
      NodeAllocatable: fitsNow,
      PodDelete: fitsNow,
      PodScaleDown: fitsNow,
    },
  };
}

type Ignored = ((name: string) => boolean) | undefined;

function fits({ requests }: PodInfo, node: NodeInfo, ignored: Ignored): boolean {
  const { allocatable, requested } = node;
  if (node.pods.size + 1 > node.allowedPods) return false;
  if (requests.milliCPU > 0 && requests.milliCPU > allocatable.milliCPU - requested.milliCPU) {
    return false;
  }
  if (requests.memory > 0 && requests.memory > allocatable.memory - requested.memory) return false;
  const storage = requests.ephemeralStorage;
  if (storage > 0 && storage > allocatable.ephemeralStorage - requested.ephemeralStorage) {
    return false;
  }
  if (!requests.scalars) return true;
  for (const [name, amount] of requests.scalars) {
    if (amount <= 0 || ignored?.(name)) continue;
    if (amount > allocatable.get(name) - requested.get(name)) return false;
  }
  return true;
}

/** What is short, in words. More than the node has at all does not change when pods leave. */
function shortage({ requests }: PodInfo, node: NodeInfo, ignored: Ignored): Verdict {
  const reasons: string[] = [];
  let isHopeless = false;
  if (node.pods.size + 1 > node.allowedPods) reasons.push("Too many pods");
  const names = ["cpu", "memory", "ephemeral-storage", ...requests.scalars?.keys() ?? []];
  for (const name of names) {
    const amount = requests.get(name);
    const total = node.allocatable.get(name);
    if (amount <= 0 || amount <= total - node.requested.get(name) || ignored?.(name)) continue;
    reasons.push(`Insufficient ${name}`);
    if (amount > total) isHopeless = true;
  }
  return { code: isHopeless ? "UnschedulableAndUnresolvable" : "Unschedulable", reasons };
}

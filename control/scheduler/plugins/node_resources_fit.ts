import type { NodeInfo } from "../cache/node_info.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import {
  type ClusterEvent,
  maxNodeScore,
  type Plugin,
  success,
  type Verdict,
} from "../framework.ts";

/** Keeps pods off nodes that lack what they request, and prefers nodes with the largest free share of CPU and memory. */
export function nodeResourcesFit(): Plugin {
  return {
    name: "NodeResourcesFit",
    filter: (pod, node) => fits(pod, node) ? success : shortage(pod, node),
    score(pod, { allocatable, assumed }) {
      const { assumedRequests } = pod;
      let sum = 0;
      let count = 0;
      if (allocatable.milliCPU > 0) {
        sum += freeShare(assumed.milliCPU + assumedRequests.milliCPU, allocatable.milliCPU);
        count++;
      }
      if (allocatable.memory > 0) {
        sum += freeShare(assumed.memory + assumedRequests.memory, allocatable.memory);
        count++;
      }
      return count === 0 ? 0 : Math.floor(sum / count);
    },
    wakeOn: {
      NodeAdd: fitsNow,
      NodeAllocatable: fitsNow,
      PodDelete: fitsNow,
      PodScaleDown: fitsNow,
    },
  };
}

function fitsNow(pod: PodInfo, { node }: ClusterEvent): boolean {
  return node === undefined || fits(pod, node);
}

function fits({ requests }: PodInfo, node: NodeInfo): boolean {
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
    if (amount > 0 && amount > allocatable.get(name) - requested.get(name)) return false;
  }
  return true;
}

/** What is short, in words. More than the node has at all does not change when pods leave. */
function shortage({ requests }: PodInfo, node: NodeInfo): Verdict {
  const reasons: string[] = [];
  let isHopeless = false;
  if (node.pods.size + 1 > node.allowedPods) reasons.push("Too many pods");
  const names = ["cpu", "memory", "ephemeral-storage", ...requests.scalars?.keys() ?? []];
  for (const name of names) {
    const amount = requests.get(name);
    const total = node.allocatable.get(name);
    if (amount <= 0 || amount <= total - node.requested.get(name)) continue;
    reasons.push(`Insufficient ${name}`);
    if (amount > total) isHopeless = true;
  }
  return { code: isHopeless ? "UnschedulableAndUnresolvable" : "Unschedulable", reasons };
}

function freeShare(used: number, capacity: number): number {
  return used > capacity ? 0 : Math.floor((capacity - used) * maxNodeScore / capacity);
}

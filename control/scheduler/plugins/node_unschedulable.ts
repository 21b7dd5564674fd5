import type { Taint } from "../../../shared/api/core/v1/types.gen.ts";
import type { NodeInfo } from "../cache/node_info.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import { isTolerated } from "../cache/tolerations.ts";
import { type Plugin, success, unresolvable } from "../framework.ts";

const cordoned: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };
const unschedulableNode = unresolvable("node(s) were unschedulable");

/** Keeps pods off cordoned nodes, unless they tolerate the taint that says so. */
export function nodeUnschedulable(): Plugin {
  const accepts = (pod: PodInfo, node: NodeInfo) =>
    !node.isUnschedulable || isTolerated(cordoned, pod.tolerations);
  return {
    name: "NodeUnschedulable",
    filter: (pod, node) => accepts(pod, node) ? success : unschedulableNode,
    wakeOn: {
      NodeAdd: (pod, { node }) => accepts(pod, node!),
      NodeTaints: (pod, { node }) => accepts(pod, node!),
    },
  };
}

import type { NodeInfo } from "../cache/node_info.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import { type Plugin, skip, success, unschedulable } from "../framework.ts";

const taken = unschedulable("node(s) didn't have free ports for the requested pod ports");

/** Keeps pods off nodes where one of their host ports is in use. */
export function nodePorts(): Plugin<undefined> {
  return {
    name: "NodePorts",
    preFilter: (pod) => pod.hostPorts.length === 0 ? skip : { code: "Success", state: undefined },
    filter: (pod, node) => hasFreePorts(pod, node) ? success : taken,
    wakeOn: {
      NodeAdd: (pod, { node }) => hasFreePorts(pod, node!),
      PodDelete: (pod, { node, pod: gone }) =>
        gone!.hostPorts.length > 0 && (node === undefined || hasFreePorts(pod, node)),
    },
  };
}

function hasFreePorts(pod: PodInfo, node: NodeInfo): boolean {
  for (const port of pod.hostPorts) if (node.isPortUsed(port)) return false;
  return true;
}

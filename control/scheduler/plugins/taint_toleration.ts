import type { Toleration } from "../../../shared/api/core/v1/types.gen.ts";
import type { NodeInfo } from "../cache/node_info.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import { isTolerated, toleratesAll } from "../cache/tolerations.ts";
import { type Plugin, skip, success, unresolvable } from "../framework.ts";
import { normalizeToMax } from "../normalize.ts";

const untolerated = unresolvable("node(s) had untolerated taint(s)");

/** Keeps pods off nodes with taints that they do not tolerate, and prefers those with fewer PreferNoSchedule taints. */
export function taintToleration(): Plugin<unknown, readonly Toleration[]> {
  const accepts = (pod: PodInfo, node: NodeInfo) =>
    node.taints.length === 0 || toleratesAll(node.taints, pod.tolerations);
  return {
    name: "TaintToleration",
    filter: (pod, node) => accepts(pod, node) ? success : untolerated,
    preScore(pod, nodes) {
      if (!nodes.some(({ taints }) => taints.some(isSoft))) return skip;
      const state = pod.tolerations.filter(({ effect }) =>
        !effect || effect === "PreferNoSchedule"
      );
      return { code: "Success", state };
    },
    score(_pod, { taints }, tolerations) {
      let count = 0;
      for (const taint of taints) if (isSoft(taint) && !isTolerated(taint, tolerations)) count++;
      return count;
    },
    normalize: (scores) => normalizeToMax(scores, { reverse: true }),
    wakeOn: {
      NodeAdd: (pod, { node }) => accepts(pod, node!),
      NodeTaints: (pod, { node }) => accepts(pod, node!),
    },
  };
}

function isSoft({ effect }: { readonly effect: string }): boolean {
  return effect === "PreferNoSchedule";
}

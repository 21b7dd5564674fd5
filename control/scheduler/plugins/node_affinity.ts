import { nodeNamesOf } from "../cache/node_selector.ts";
import type { Placement, PodInfo } from "../cache/pod_info.ts";
import { type ClusterEvent, type Plugin, skip, success, unresolvable } from "../framework.ts";
import { normalizeToMax } from "../normalize.ts";

const mismatch = unresolvable("node(s) didn't match Pod's node affinity/selector");
const acceptsNow = (pod: PodInfo, { node }: ClusterEvent) => pod.acceptsNode(node!);

/** Follows a pod's `nodeSelector` and its required and preferred node affinity. */
export function nodeAffinity(): Plugin<undefined, Placement["preferred"]> {
  return {
    name: "NodeAffinity",
    preFilter(pod) {
      const { selector, required } = pod.placement;
      if (!selector && !required) return skip;
      const terms = pod.pod.spec?.affinity?.nodeAffinity
        ?.requiredDuringSchedulingIgnoredDuringExecution;
      const nodeNames = terms && nodeNamesOf(terms);
      return { code: "Success", state: undefined, ...(nodeNames && { nodeNames }) };
    },
    filter: (pod, node) => pod.acceptsNode(node) ? success : mismatch,
    preScore(pod) {
      const { preferred } = pod.placement;
      return preferred.length === 0 ? skip : { code: "Success", state: preferred };
    },
    score(_pod, node, preferred) {
      let sum = 0;
      for (const { weight, matches } of preferred) if (matches(node)) sum += weight;
      return sum;
    },
    normalize: (scores) => normalizeToMax(scores),
    wakeOn: { NodeAdd: acceptsNow, NodeLabels: acceptsNow },
  };
}

import type { Node } from "../../../shared/api/core/v1/types.gen.ts";
import type { AdmissionPlugin } from "../plugin.ts";

const NOT_READY = "node.kubernetes.io/not-ready";

/** A new node gets pods only once somebody has seen that it is ready. */
export function taintNodesByCondition(): AdmissionPlugin {
  return {
    name: "TaintNodesByCondition",
    handles: ({ kind, operation, subresource }) =>
      kind.group === "" && kind.plural === "nodes" && operation === "CREATE" && subresource === "",
    admit({ object }) {
      const node = object as Node;
      const taints = (node.spec ??= {}).taints ??= [];
      if (taints.some(({ key, effect }) => key === NOT_READY && effect === "NoSchedule")) return;
      taints.push({ key: NOT_READY, effect: "NoSchedule" });
    },
  };
}

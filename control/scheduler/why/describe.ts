import type { Taint, Toleration } from "../../../shared/api/core/v1/types.gen.ts";
import type { Change } from "./change.ts";

/** A change in words: what somebody would have to do. */
export function describeChange(change: Change): string {
  switch (change.type) {
    case "RemoveSchedulingGates":
      return `remove the scheduling gates ${change.gates.join(", ")}`;
    case "AddToleration":
      return `add the toleration ${taintText(change.toleration)}`;
    case "RemoveNodeSelector":
      return `leave out the node selector ${change.key}=${change.value}`;
    case "RemoveNodeAffinity":
      return "leave out the required node affinity";
    case "RemoveHostPort":
      return `leave out the host port ${change.port}/${change.protocol}`;
    case "ReduceRequest":
      return `request ${change.by} less ${change.resource} (${change.to} instead of ${change.from})`;
    case "RemoveSpreadConstraint":
      return `let the spread constraint on ${change.topologyKey} be a wish (ScheduleAnyway)`;
    case "RemoveAffinityTerm":
      return `leave out the required pod affinity on ${change.topologyKey}`;
    case "RemoveAntiAffinityTerm":
      return `leave out the required pod anti-affinity on ${change.topologyKey}`;
    case "Uncordon":
      return `uncordon node ${change.node}`;
    case "RemoveTaint":
      return `remove the taint ${taintText(change.taint)} from node ${change.node}`;
    case "LabelNode":
      return `label node ${change.node} with ${change.key}=${change.value}`;
    case "UnlabelNode":
      return `take the label ${change.key} off node ${change.node}`;
    case "RemovePod":
      return `remove pod ${change.pod}`;
  }
}

/** `key=value:effect`, as kubectl writes taints. */
function taintText({ key = "", value, effect }: Toleration | Taint): string {
  return `${key}${value ? `=${value}` : ""}:${effect ?? ""}`;
}

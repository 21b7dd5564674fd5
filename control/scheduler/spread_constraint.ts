import type { TopologySpreadConstraint } from "../../shared/api/core/v1/types.gen.ts";
import type { LabelMatcher } from "../../shared/meta/labels.ts";
import { withLabelKeys } from "./cache/affinity_term.ts";
import type { NodeInfo } from "./cache/node_info.ts";
import type { PodQuery } from "./cache/pod_counters.ts";
import type { PodInfo } from "./cache/pod_info.ts";
import { toleratesAll } from "./cache/tolerations.ts";

export const hostnameLabel = "kubernetes.io/hostname";
const zoneLabel = "topology.kubernetes.io/zone";

/** A compiled topology spread constraint of one pod. */
export interface SpreadConstraint {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly minDomains: number;
  /** Whether only nodes count that the pod's node affinity accepts, and only those whose taints it tolerates. */
  readonly honorsAffinity: boolean;
  readonly honorsTaints: boolean;
  /** 1 if the pod counts itself. */
  readonly self: 0 | 1;
  /** The pods to count. */
  readonly query: PodQuery;
}

/** The constraints that a pod names, of one kind. */
export function constraintsOf(
  pod: PodInfo,
  kind: "DoNotSchedule" | "ScheduleAnyway",
): readonly SpreadConstraint[] {
  const given = pod.pod.spec?.topologySpreadConstraints;
  if (!given) return none;
  return given
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === kind)
    .map((constraint) => compileConstraint(pod, constraint));
}

/** What the cluster does for pods that name none: spread over machines and zones if that costs nothing else. */
export function defaultConstraints(pod: PodInfo, selector: LabelMatcher): SpreadConstraint[] {
  const query = spreadQuery(pod.namespace, selector, `(${selector})`);
  const common = {
    query,
    minDomains: 1,
    honorsAffinity: true,
    honorsTaints: false,
    self: selfCount(pod, selector),
  };
  return [
    { ...common, topologyKey: hostnameLabel, maxSkew: 3 },
    { ...common, topologyKey: zoneLabel, maxSkew: 5 },
  ];
}

/** Whether a node is in a domain of each constraint. */
export function hasAllKeys(node: NodeInfo, constraints: readonly SpreadConstraint[]): boolean {
  for (const { topologyKey } of constraints) {
    if (node.labels[topologyKey] === undefined) return false;
  }
  return true;
}

/** Whether the pods of a node count for a constraint (KEP-3094). */
export function countsNode(constraint: SpreadConstraint, pod: PodInfo, node: NodeInfo): boolean {
  if (constraint.honorsAffinity && !pod.acceptsNode(node)) return false;
  return !constraint.honorsTaints || toleratesAll(node.taints, pod.tolerations);
}

const none: readonly SpreadConstraint[] = [];

function compileConstraint(pod: PodInfo, given: TopologySpreadConstraint): SpreadConstraint {
  const selector = withLabelKeys(given.labelSelector, pod.labels, { same: given.matchLabelKeys });
  const text = given.labelSelector ? `(${selector})` : "";
  return {
    maxSkew: given.maxSkew,
    topologyKey: given.topologyKey,
    minDomains: given.minDomains ?? 1,
    honorsAffinity: given.nodeAffinityPolicy !== "Ignore",
    honorsTaints: given.nodeTaintsPolicy === "Honor",
    self: selfCount(pod, selector),
    query: spreadQuery(pod.namespace, selector, text),
  };
}

function spreadQuery(namespace: string, selector: LabelMatcher, text: string): PodQuery {
  return {
    key: `spread;${namespace};${text}`,
    namespaces: new Set([namespace]),
    // A pod that is leaving makes no place crowded.
    matches: (pod) => !pod.isTerminating && selector.matches(pod.labels),
  };
}

function selfCount(pod: PodInfo, selector: LabelMatcher): 0 | 1 {
  return selector.matches(pod.labels) ? 1 : 0;
}

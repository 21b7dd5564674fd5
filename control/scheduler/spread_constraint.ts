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
  readonly selector: LabelMatcher;
  /** The placed pods to count. */
  readonly query: PodQuery;
}

type Kind = "DoNotSchedule" | "ScheduleAnyway";

/** The constraints that a pod names, of one kind. */
export function constraintsOf(pod: PodInfo, kind: Kind): readonly SpreadConstraint[] {
  const given = pod.pod.spec?.topologySpreadConstraints;
  if (!given) return none;
  return given
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === kind)
    .map((constraint) => {
      const { labelSelector, matchLabelKeys } = constraint;
      const selector = withLabelKeys(labelSelector, pod.labels, { same: matchLabelKeys });
      return compileConstraint(pod, constraint, selector);
    });
}

/** What the cluster does for pods that name none: spread over machines and zones if that costs nothing else. */
export const systemDefaults: readonly TopologySpreadConstraint[] = [
  { topologyKey: hostnameLabel, whenUnsatisfiable: "ScheduleAnyway", maxSkew: 3 },
  { topologyKey: zoneLabel, whenUnsatisfiable: "ScheduleAnyway", maxSkew: 5 },
];

/** Of `defaults`, those of one kind, for the pods that `selector` says belong together. */
export function defaultConstraints(
  pod: PodInfo,
  defaults: readonly TopologySpreadConstraint[],
  { kind, selector }: { readonly kind: Kind; readonly selector: LabelMatcher },
): readonly SpreadConstraint[] {
  return defaults
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === kind)
    .map((constraint) => compileConstraint(pod, constraint, selector));
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

function compileConstraint(
  pod: PodInfo,
  given: TopologySpreadConstraint,
  selector: LabelMatcher,
): SpreadConstraint {
  return {
    maxSkew: given.maxSkew,
    topologyKey: given.topologyKey,
    minDomains: given.minDomains ?? 1,
    honorsAffinity: given.nodeAffinityPolicy !== "Ignore",
    honorsTaints: given.nodeTaintsPolicy === "Honor",
    selector,
    self: selector.matches(pod.labels) ? 1 : 0,
    query: spreadQuery(pod.namespace, selector),
  };
}

function spreadQuery(namespace: string, selector: LabelMatcher): PodQuery {
  const isEmpty = selector.requirements.length === 0;
  return {
    key: `spread;${namespace};${selector}`,
    namespaces: new Set([namespace]),
    // A pod that is leaving makes no place crowded; a selector without requirements counts nothing, as in the reference.
    matches: (pod) => !isEmpty && !pod.isTerminating && selector.matches(pod.labels),
  };
}

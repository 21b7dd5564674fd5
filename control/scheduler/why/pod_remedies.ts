import type { AffinityTerm } from "../cache/affinity_term.ts";
import type { NodeInfo } from "../cache/node_info.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import { constraintsOf } from "../spread_constraint.ts";
import type { Change } from "./change.ts";
import { relabel, type Remedy, removal } from "./remedy.ts";
import type { Trial } from "./what_if.ts";

/** Remedies for plugins that look at other pods. */
export const podRemedies: readonly (readonly [string, Remedy])[] = [
  ["PodTopologySpread", spreading],
  ["InterPodAffinity", (trial) => [...missingFriends(trial), ...enemies(trial)]],
];

function spreading(trial: Trial): Change[] {
  const { pod, node, cluster } = trial;
  const { topologySpreadConstraints: given = [], nodeSelector = {}, affinity } = pod.pod.spec ?? {};
  const hard = [...given.entries()]
    .filter(([, { whenUnsatisfiable }]) => whenUnsatisfiable === "DoNotSchedule");
  const constraints = constraintsOf(pod, "DoNotSchedule");
  const crowding = cluster.nodes().flatMap((other) =>
    [...other.pods.values()].filter((placed) =>
      constraints.some(({ topologyKey, query }) =>
        other.labels[topologyKey] === node.labels[topologyKey] &&
        placed.namespace === pod.namespace && query.matches(placed)
      )
    )
  );
  return [
    ...hard.map(([index, { topologyKey }]): Change => ({
      type: "RemoveSpreadConstraint",
      index,
      topologyKey,
    })),
    ...crowding.map(removal),
    ...relabel(trial, new Set(hard.map(([, { topologyKey }]) => topologyKey))),
    // What the pod's node rules leave out does not count as a domain either.
    ...Object.entries(nodeSelector).map(([key, value]): Change => ({
      type: "RemoveNodeSelector",
      key,
      value,
    })),
    ...(affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
      ? [{ type: "RemoveNodeAffinity" } as const]
      : []),
  ];
}

/** Pods to be near to that are not there: the wish must go, or the node must count as near. */
function missingFriends(trial: Trial): Change[] {
  const { required } = trial.pod.affinities;
  if (required.length === 0) return [];
  // The first of a group that wants to be together may go anywhere: also if the others leave.
  const friends = placed(trial)
    .filter(({ other }) => required.every((term) => term.selector.matches(other.labels)));
  return [
    ...required.map(({ topologyKey }, index): Change => ({
      type: "RemoveAffinityTerm",
      index,
      topologyKey,
    })),
    ...friends.map(({ other }) => removal(other)),
    ...relabel(trial, new Set(required.map(({ topologyKey }) => topologyKey))),
  ];
}

/** Pods that the pod keeps away from, or that keep away from it, as near as they may not be. */
function enemies(trial: Trial): Change[] {
  const { pod, node } = trial;
  const { requiredAnti } = pod.affinities;
  const changes = requiredAnti.map(({ topologyKey }, index): Change => ({
    type: "RemoveAntiAffinityTerm",
    index,
    topologyKey,
  }));
  const isNear = ({ topologyKey }: AffinityTerm, where: NodeInfo) => {
    const domain = node.labels[topologyKey];
    return domain !== undefined && where.labels[topologyKey] === domain;
  };
  const keys = new Set<string>();
  for (const { other, where } of placed(trial)) {
    const terms = [
      ...requiredAnti.filter((term) => term.selector.matches(other.labels)),
      ...other.affinities.requiredAnti.filter((term) => term.selector.matches(pod.labels)),
    ].filter((term) => isNear(term, where));
    if (terms.length > 0) changes.push(removal(other));
    for (const { topologyKey } of terms) keys.add(topologyKey);
  }
  return [...changes, ...relabel(trial, keys)];
}

function placed({ cluster }: Trial): { readonly other: PodInfo; readonly where: NodeInfo }[] {
  return cluster.nodes()
    .flatMap((where) => [...where.pods.values()].map((other) => ({ other, where })));
}

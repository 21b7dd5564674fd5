import type { NodeInfo } from "../cache/node_info.ts";
import type { PodInfo } from "../cache/pod_info.ts";
import { isTolerated } from "../cache/tolerations.ts";
import { amountText, type Change } from "./change.ts";
import { podRemedies } from "./pod_remedies.ts";
import { labelsFor, relabel, type Remedy, removal } from "./remedy.ts";
import type { Trial } from "./what_if.ts";

/**
 * What could change a plugin's verdict, by the plugin: every solution has one of these steps in it. A plugin that is
 * not listed cannot be helped by a change to the pod, the node or the pods there.
 */
export const remedies: ReadonlyMap<string, Remedy> = new Map<string, Remedy>([
  ["SchedulingGates", ({ pod }) => [{
    type: "RemoveSchedulingGates",
    gates: (pod.pod.spec?.schedulingGates ?? []).map(({ name }) => name),
  }]],
  ["NodeUnschedulable", ({ node }) => [
    { type: "Uncordon", node: node.name },
    {
      type: "AddToleration",
      toleration: {
        key: "node.kubernetes.io/unschedulable",
        operator: "Exists",
        effect: "NoSchedule",
      },
    },
  ]],
  ["TaintToleration", ({ pod, node }) => untolerated(pod, node)],
  ["NodeAffinity", unmatched],
  ["NodePorts", ({ pod, node }) => takenPorts(pod, node)],
  ["NodeResourcesFit", ({ pod, node }) => shortages(pod, node)],
  ["VolumeBinding", (trial) => relabel(trial, labelsFor(trial).keys())],
  ["VolumeZone", (trial) => relabel(trial, labelsFor(trial).keys())],
  ["NodeVolumeLimits", ({ node }) => [...node.pods.values()].filter(hasClaims).map(removal)],
  ["VolumeRestrictions", ({ pod, node, cluster }) => {
    const names = new Set(pod.namedClaims);
    const users = cluster.nodes().flatMap(({ pods }) => [...pods.values()])
      .filter(({ namespace, namedClaims }) =>
        namespace === pod.namespace && namedClaims.some((name) => names.has(name))
      );
    return [...new Set([...users, ...node.pods.values()])].map(removal);
  }],
  ...podRemedies,
]);

function hasClaims({ claims }: PodInfo): boolean {
  return claims.length > 0;
}

/** The first taint must go, or be tolerated. */
function untolerated(pod: PodInfo, node: NodeInfo): Change[] {
  const taint = node.taints.find((taint) =>
    taint.effect !== "PreferNoSchedule" && !isTolerated(taint, pod.tolerations)
  );
  if (!taint) return [];
  const { key, value = "", effect } = taint;
  const { timeAdded: _, ...plain } = taint;
  return [
    {
      type: "AddToleration",
      toleration: value === ""
        ? { key, operator: "Exists", effect }
        : { key, operator: "Equal", value, effect },
    },
    { type: "RemoveTaint", node: node.name, taint: plain },
  ];
}

/** The first label that the pod asks for and the node lacks; or any way to fulfil its affinity. */
function unmatched(trial: Trial): Change[] {
  const { pod, node } = trial;
  const { nodeSelector = {} } = pod.pod.spec ?? {};
  for (const [key, value] of Object.entries(nodeSelector)) {
    if (node.labels[key] === value) continue;
    return [
      { type: "LabelNode", node: node.name, key, value },
      { type: "RemoveNodeSelector", key, value },
    ];
  }
  return [{ type: "RemoveNodeAffinity" }, ...relabel(trial, labelsFor(trial).keys())];
}

function takenPorts(pod: PodInfo, node: NodeInfo): Change[] {
  for (const wanted of pod.hostPorts) {
    if (!node.isPortUsed(wanted)) continue;
    const { protocol, port } = wanted;
    const users = [...node.pods.values()].filter(({ hostPorts }) =>
      hostPorts.some((used) => used.protocol === protocol && used.port === port)
    );
    return [{ type: "RemoveHostPort", protocol, port }, ...users.map(removal)];
  }
  return [];
}

function shortages(pod: PodInfo, node: NodeInfo): Change[] {
  const others = [...node.pods.values()];
  if (others.length + 1 > node.allowedPods) return others.map(removal);
  for (const name of pod.requests.names()) {
    const asked = pod.requests.get(name);
    const free = node.allocatable.get(name) - node.requested.get(name);
    if (asked <= 0 || asked <= free) continue;
    const to = Math.max(0, free);
    const reduce: Change = {
      type: "ReduceRequest",
      resource: name,
      from: amountText(name, asked),
      to: amountText(name, to),
      by: amountText(name, asked - to),
    };
    const users = others.filter(({ requests }) => requests.get(name) > 0);
    // What more than the whole node has cannot be had by others' leaving.
    return asked > node.allocatable.get(name) ? [reduce] : [reduce, ...users.map(removal)];
  }
  return [];
}

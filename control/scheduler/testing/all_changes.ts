import type { Pod } from "../../../shared/api/core/v1/types.gen.ts";
import { PodInfo } from "../cache/pod_info.ts";
import type { ClusterObjects } from "../model/cluster_model.ts";
import type { Change } from "../why/change.ts";

/**
 * Every change there is for a pod and one node, each in its strongest form (a request of nothing, say): for tests that
 * compare a search with all there is.
 */
export function allChanges(
  { nodes, pods }: ClusterObjects,
  pod: Pod,
  name: string,
): readonly Change[] {
  const node = nodes.find(({ metadata }) => metadata.name === name)!;
  return [
    ...nodeChanges(name, node),
    ...labelChanges(nodes, pod, name),
    ...podChanges(pod),
    ...pods.map((other): Change => {
      const { key, uid } = new PodInfo(other);
      return { type: "RemovePod", pod: key, uid };
    }),
  ];
}

function nodeChanges(node: string, { spec }: ClusterObjects["nodes"][number]): Change[] {
  const changes: Change[] = [];
  for (const taint of spec?.taints ?? []) {
    const { key, value, effect } = taint;
    const operator = value ? "Equal" : "Exists";
    const toleration = { key, operator, effect, ...(value && { value }) } as const;
    changes.push({ type: "RemoveTaint", node, taint }, { type: "AddToleration", toleration });
  }
  if (spec?.unschedulable) {
    const key = "node.kubernetes.io/unschedulable";
    const toleration = { key, operator: "Exists", effect: "NoSchedule" } as const;
    changes.push({ type: "Uncordon", node }, { type: "AddToleration", toleration });
  }
  return changes;
}

function podChanges({ spec }: Pod): Change[] {
  const { affinity, nodeSelector = {}, topologySpreadConstraints = [] } = spec ?? {};
  const changes: Change[] = [];
  for (const [key, value] of Object.entries(nodeSelector)) {
    changes.push({ type: "RemoveNodeSelector", key, value });
  }
  if (affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution) {
    changes.push({ type: "RemoveNodeAffinity" });
  }
  const info = new PodInfo({ metadata: {}, spec } as Pod);
  for (const { protocol, port } of info.hostPorts) {
    changes.push({ type: "RemoveHostPort", protocol, port });
  }
  for (const resource of info.requests.names()) {
    changes.push({ type: "ReduceRequest", resource, from: "", to: "0", by: "" });
  }
  topologySpreadConstraints.forEach(({ topologyKey }, index) =>
    changes.push({ type: "RemoveSpreadConstraint", index, topologyKey })
  );
  const { podAffinity, podAntiAffinity } = affinity ?? {};
  podAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.forEach(({ topologyKey }, index) =>
    changes.push({ type: "RemoveAffinityTerm", index, topologyKey })
  );
  podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    ?.forEach(({ topologyKey }, index) =>
      changes.push({ type: "RemoveAntiAffinityTerm", index, topologyKey })
    );
  return changes;
}

/** Labels of the keys that the pod's own node rules name, with the values of all nodes and of the rules. */
function labelChanges(nodes: ClusterObjects["nodes"], { spec }: Pod, node: string): Change[] {
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
    ?.nodeSelectorTerms ?? [];
  const asked = [
    ...Object.entries(spec?.nodeSelector ?? {}).map(([key, value]) => ({ key, values: [value] })),
    ...terms.flatMap(({ matchExpressions }) => matchExpressions ?? []),
  ];
  return asked.filter(({ key }) => key !== "kubernetes.io/hostname")
    .flatMap(({ key, values = [] }): Change[] => {
      const known = nodes.flatMap(({ metadata }) => metadata.labels?.[key] ?? []);
      const numbers = values.filter((value) => /^[0-9]+$/.test(value))
        .flatMap((value) => [String(Number(value) + 1), String(Number(value) - 1)]);
      const all = new Set([...known, ...values, ...numbers, ""]);
      return [
        { type: "UnlabelNode", node, key },
        ...[...all].map((value): Change => ({ type: "LabelNode", node, key, value })),
      ];
    });
}

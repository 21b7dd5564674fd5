import type {
  Container,
  Node,
  Pod,
  PodAffinityTerm,
  PodSpec,
  Taint,
  Toleration,
} from "../../../shared/api/core/v1/types.gen.ts";
import { amountOf } from "../cache/resources.ts";
import type { ClusterObjects } from "../model/cluster_model.ts";

/** The smallest steps that may let a pod run. Those with a `node` are about that node. */
export type Change =
  | { readonly type: "RemoveSchedulingGates"; readonly gates: readonly string[] }
  | { readonly type: "AddToleration"; readonly toleration: Toleration }
  | { readonly type: "RemoveNodeSelector"; readonly key: string; readonly value: string }
  | { readonly type: "RemoveNodeAffinity" }
  | { readonly type: "RemoveHostPort"; readonly protocol: string; readonly port: number }
  /** `from` and `to` in the resource's own form; `by` is the difference. */
  | {
    readonly type: "ReduceRequest";
    readonly resource: string;
    readonly from: string;
    readonly to: string;
    readonly by: string;
  }
  | {
    readonly type: "RemoveSpreadConstraint";
    readonly index: number;
    readonly topologyKey: string;
  }
  | { readonly type: "RemoveAffinityTerm"; readonly index: number; readonly topologyKey: string }
  | {
    readonly type: "RemoveAntiAffinityTerm";
    readonly index: number;
    readonly topologyKey: string;
  }
  | { readonly type: "Uncordon"; readonly node: string }
  | { readonly type: "RemoveTaint"; readonly node: string; readonly taint: Taint }
  | {
    readonly type: "LabelNode";
    readonly node: string;
    readonly key: string;
    readonly value: string;
  }
  | { readonly type: "UnlabelNode"; readonly node: string; readonly key: string }
  /** `pod`: `namespace/name`. */
  | { readonly type: "RemovePod"; readonly pod: string; readonly uid: string };

/** The cluster and the pod as they are after `changes`. */
export function changed(
  cluster: ClusterObjects,
  pod: Pod,
  changes: readonly Change[],
): { readonly cluster: ClusterObjects; readonly pod: Pod } {
  const gone = new Set(changes.flatMap((change) => change.type === "RemovePod" ? change.uid : []));
  return {
    pod: changes.reduce(changedPod, pod),
    cluster: {
      ...cluster,
      nodes: cluster.nodes.map((node) => changes.reduce(changedNode, node)),
      pods: cluster.pods.filter(({ metadata }) => !gone.has(metadata.uid ?? "")),
    },
  };
}

/** A copy of a pod after a change; the pod itself if the change is not about it. */
export function changedPod(pod: Pod, change: Change): Pod {
  const { spec } = pod;
  const next = spec && changedSpec(spec, change);
  return next && next !== spec ? { ...pod, spec: next } : pod;
}

/** A copy of a node after a change; the node itself if the change is not about it. */
export function changedNode(node: Node, change: Change): Node {
  if (!("node" in change) || change.node !== node.metadata.name) return node;
  const { metadata, spec } = node;
  const labels = metadata.labels ?? {};
  switch (change.type) {
    case "Uncordon":
      return { ...node, spec: { ...spec, unschedulable: false } };
    case "RemoveTaint": {
      const { key, effect, value = "" } = change.taint;
      const isIt = (taint: Taint) =>
        taint.key === key && taint.effect === effect && (taint.value ?? "") === value;
      return { ...node, spec: { ...spec, taints: spec?.taints?.filter((taint) => !isIt(taint)) } };
    }
    case "LabelNode":
      return {
        ...node,
        metadata: { ...metadata, labels: { ...labels, [change.key]: change.value } },
      };
    case "UnlabelNode": {
      const { [change.key]: _, ...rest } = labels;
      return { ...node, metadata: { ...metadata, labels: rest } };
    }
  }
}

function changedSpec(spec: PodSpec, change: Change): PodSpec {
  switch (change.type) {
    case "RemoveSchedulingGates":
      return { ...spec, schedulingGates: undefined };
    case "AddToleration":
      return { ...spec, tolerations: [...spec.tolerations ?? [], change.toleration] };
    case "RemoveNodeSelector": {
      const { [change.key]: _, ...nodeSelector } = spec.nodeSelector ?? {};
      return { ...spec, nodeSelector };
    }
    case "RemoveNodeAffinity": {
      const nodeAffinity = {
        ...spec.affinity?.nodeAffinity,
        requiredDuringSchedulingIgnoredDuringExecution: undefined,
      };
      return { ...spec, affinity: { ...spec.affinity, nodeAffinity } };
    }
    case "RemoveHostPort":
      return eachContainer(spec, (container) => ({
        ...container,
        ports: container.ports?.filter(({ hostPort, protocol }) =>
          hostPort !== change.port || (protocol ?? "TCP") !== change.protocol
        ),
      }));
    case "ReduceRequest":
      return reduced(spec, change.resource, change.to);
    default:
      return withoutTerms(spec, change);
  }
}

function withoutTerms(spec: PodSpec, change: Change): PodSpec {
  const { affinity, topologySpreadConstraints: constraints = [] } = spec;
  switch (change.type) {
    case "RemoveSpreadConstraint":
      return { ...spec, topologySpreadConstraints: softened(constraints, change.index) };
    case "RemoveAffinityTerm":
      return {
        ...spec,
        affinity: { ...affinity, podAffinity: without(affinity?.podAffinity, change.index) },
      };
    case "RemoveAntiAffinityTerm":
      return {
        ...spec,
        affinity: {
          ...affinity,
          podAntiAffinity: without(affinity?.podAntiAffinity, change.index),
        },
      };
    default:
      return spec;
  }
}

/** Soft instead of gone, so that the others keep their places and no default takes over. */
function softened(
  constraints: NonNullable<PodSpec["topologySpreadConstraints"]>,
  at: number,
): NonNullable<PodSpec["topologySpreadConstraints"]> {
  return constraints.map((constraint, index) =>
    index === at ? { ...constraint, whenUnsatisfiable: "ScheduleAnyway" } : constraint
  );
}

/** Without the term at a place of the list as it is then. */
function without<
  T extends { requiredDuringSchedulingIgnoredDuringExecution?: PodAffinityTerm[] | undefined },
>(
  affinity: T | undefined,
  at: number,
): T | undefined {
  const terms = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  return affinity && {
    ...affinity,
    requiredDuringSchedulingIgnoredDuringExecution: terms.toSpliced(at, 1),
  };
}

function eachContainer(spec: PodSpec, change: (container: Container) => Container): PodSpec {
  return {
    ...spec,
    containers: spec.containers.map(change),
    ...(spec.initContainers && { initContainers: spec.initContainers.map(change) }),
  };
}

/** The pod asks for at most `to` of a resource, besides its overhead: container by container, the first ones first. */
function reduced(spec: PodSpec, resource: string, to: string): PodSpec {
  const limit = Math.max(
    0,
    amountOf(resource, to) - amountOf(resource, spec.overhead?.[resource] ?? "0"),
  );
  let left = limit;
  let besides = 0;
  const capped = (container: Container, most: number): Container => {
    const given = container.resources?.requests?.[resource];
    if (given === undefined) return container;
    const amount = Math.min(amountOf(resource, given), Math.max(0, most));
    const requests = { ...container.resources?.requests, [resource]: amountText(resource, amount) };
    return { ...container, resources: { ...container.resources, requests } };
  };
  const taken = ({ resources }: Container) =>
    amountOf(resource, resources?.requests?.[resource] ?? "0");
  const containers = spec.containers.map((container) => {
    const next = capped(container, left);
    left -= taken(next);
    return next;
  });
  const initContainers = spec.initContainers?.map((container) => {
    if (container.restartPolicy !== "Always") return capped(container, limit - besides);
    const next = capped(container, left);
    left -= taken(next);
    besides += taken(next);
    return next;
  });
  const whole = spec.resources?.requests?.[resource];
  const atMost = whole === undefined ? undefined : Math.min(limit, amountOf(resource, whole));
  return {
    ...spec,
    containers,
    ...(initContainers && { initContainers }),
    ...(atMost !== undefined && {
      resources: {
        ...spec.resources,
        requests: { ...spec.resources?.requests, [resource]: amountText(resource, atMost) },
      },
    }),
  };
}

/** An amount of a resource as people write it: `250m`, `1500Mi`, `3`. */
export function amountText(resource: string, amount: number): string {
  if (resource === "cpu") return amount % 1000 === 0 ? String(amount / 1000) : `${amount}m`;
  const units: readonly (readonly [string, number])[] = [["Gi", 2 ** 30], ["Mi", 2 ** 20], [
    "Ki",
    2 ** 10,
  ]];
  const isBytes = resource === "memory" || resource === "ephemeral-storage" ||
    resource.startsWith("hugepages-");
  const unit = isBytes && amount > 0 && units.find(([, size]) => amount % size === 0);
  return unit ? `${amount / unit[1]}${unit[0]}` : String(amount);
}

import type {
  ContainerImage,
  Node,
  NodeCondition,
  NodeStatus,
  Taint,
} from "../../shared/api/core/v1/types.gen.ts";
import type { ImageInfo } from "../runtime/runtime_service.ts";
import type { NodeFacts, NodePressure } from "./node_facts.ts";

export interface NodeIdentity {
  readonly name: string;
  readonly ips: readonly string[];
  readonly maxPods: number;
  /** Taken off what pods may use. */
  readonly reserved: { readonly cpuMilli: number; readonly memoryBytes: number };
  readonly labels: Readonly<Record<string, string>>;
  /** What the node is registered with; afterwards they are the API's. */
  readonly taints: readonly Taint[];
}

export interface NodeStatusInput {
  readonly identity: NodeIdentity;
  readonly facts: NodeFacts;
  readonly pressure: NodePressure;
  readonly images: readonly ImageInfo[];
  /** Why the node cannot take pods; undefined when it can. */
  readonly notReady: string | undefined;
  /** What the API has, for transition times. */
  readonly previous: NodeStatus | undefined;
  /** `metav1.Time` of now. */
  readonly now: string;
}

/** Labels that every node carries. */
export function nodeLabels(identity: NodeIdentity, facts: NodeFacts): Record<string, string> {
  const { architecture, operatingSystem } = facts.info;
  return {
    "beta.kubernetes.io/arch": architecture,
    "beta.kubernetes.io/os": operatingSystem,
    "kubernetes.io/arch": architecture,
    "kubernetes.io/hostname": identity.name,
    "kubernetes.io/os": operatingSystem,
    ...identity.labels,
  };
}

/** The Node as it is first registered. Its status follows by itself. */
export function newNode(identity: NodeIdentity, facts: NodeFacts): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: identity.name, labels: nodeLabels(identity, facts) },
    spec: identity.taints.length > 0 ? { taints: [...identity.taints] } : {},
  };
}

/** How many images a status may list, as the reference limits it. */
const MAX_IMAGES = 50;

/** The status that the node reports. Pure. */
export function nodeStatus(input: NodeStatusInput): NodeStatus {
  const { identity, facts } = input;
  const capacity = resourcesOf(facts, identity.maxPods);
  return {
    capacity,
    allocatable: allocatableOf(identity, facts),
    addresses: [
      ...identity.ips.map((address) => ({ type: "InternalIP", address })),
      { type: "Hostname", address: identity.name },
    ],
    nodeInfo: facts.info,
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    images: imageList(input.images),
    conditions: conditionsOf(input),
  };
}

/** What pods may use together. */
export function allocatableOf(identity: NodeIdentity, facts: NodeFacts): Record<string, string> {
  const { cpuMilli, memoryBytes } = identity.reserved;
  const milli = facts.cpus * 1000 - cpuMilli;
  return {
    ...resourcesOf(facts, identity.maxPods),
    cpu: milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`,
    memory: `${Math.floor((facts.memoryBytes - memoryBytes) / 1024)}Ki`,
    // A tenth stays free: below that the node is short of disk.
    "ephemeral-storage": String(Math.floor(facts.diskBytes * 0.9)),
  };
}

function resourcesOf(facts: NodeFacts, maxPods: number): Record<string, string> {
  return {
    cpu: String(facts.cpus),
    memory: `${Math.floor(facts.memoryBytes / 1024)}Ki`,
    "ephemeral-storage": `${Math.floor(facts.diskBytes / 1024)}Ki`,
    "hugepages-1Gi": "0",
    "hugepages-2Mi": "0",
    pods: String(maxPods),
  };
}

function imageList(images: readonly ImageInfo[]): ContainerImage[] {
  return images.toSorted((a, b) => b.sizeBytes - a.sizeBytes).slice(0, MAX_IMAGES)
    .map(({ names, digests, sizeBytes }) => ({
      names: [...digests.slice(0, 4), ...names.slice(0, 4)],
      sizeBytes,
    })).filter(({ names }) => names.length > 0);
}

function conditionsOf({ pressure, notReady, previous, now }: NodeStatusInput): NodeCondition[] {
  const pressures: readonly [string, boolean, string, string, string, string][] = [
    [
      "MemoryPressure",
      pressure.memory,
      "KubeletHasInsufficientMemory",
      "kubelet has insufficient memory available",
      "KubeletHasSufficientMemory",
      "kubelet has sufficient memory available",
    ],
    [
      "DiskPressure",
      pressure.disk,
      "KubeletHasDiskPressure",
      "kubelet has disk pressure",
      "KubeletHasNoDiskPressure",
      "kubelet has no disk pressure",
    ],
    [
      "PIDPressure",
      pressure.processes,
      "KubeletHasInsufficientPID",
      "kubelet has insufficient PID available",
      "KubeletHasSufficientPID",
      "kubelet has sufficient PID available",
    ],
  ];
  const make = (type: string, status: boolean, reason: string, message: string): NodeCondition => {
    const before = previous?.conditions?.find((one) => one.type === type);
    const text = status ? "True" : "False";
    return {
      type,
      status: text,
      lastHeartbeatTime: now,
      lastTransitionTime: before?.status === text ? before.lastTransitionTime ?? now : now,
      reason,
      message,
    };
  };
  return [
    ...pressures.map(([type, bad, badReason, badMessage, goodReason, goodMessage]) =>
      bad ? make(type, true, badReason, badMessage) : make(type, false, goodReason, goodMessage)
    ),
    notReady
      ? make("Ready", false, "KubeletNotReady", notReady)
      : make("Ready", true, "KubeletReady", "kubelet is posting ready status"),
  ];
}

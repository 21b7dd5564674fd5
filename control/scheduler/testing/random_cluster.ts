import type {
  Container,
  Node,
  NodeSelectorTerm,
  Pod,
  PodAffinityTerm,
  PodSpec,
  Taint,
  Toleration,
  TopologySpreadConstraint,
} from "../../../shared/api/core/v1/types.gen.ts";
import type { KubeObject } from "../../../shared/api/kind.ts";
import type { Resource } from "../../../shared/client/resource.ts";
import { resources } from "../../../shared/client/resources.gen.ts";
import { seededRandom } from "../../../shared/clock/random.ts";
import type { LabelSelector } from "../../../shared/meta/types.gen.ts";
import { Dice } from "./dice.ts";
import { randomVolumes, type VolumeWorld } from "./random_volumes.ts";

/** A cluster and a pod to be placed in it. */
export interface RandomCluster {
  readonly nodes: Node[];
  readonly pods: Pod[];
  readonly others: (readonly [Resource, KubeObject])[];
  readonly pod: Pod;
}

export interface RandomClusterOptions {
  /** Default 8. */
  readonly maxNodes?: number;
  /** Default 24. */
  readonly maxPods?: number;
}

const apps = ["a", "b", "c"];
const namespaces = ["n1", "n2", "n3"];
const zones = ["z1", "z2", "z3"];
const gpu = "example.com/gpu";
const images = ["registry.test/app:1", "registry.test/tool:latest", "plain:latest"];

/** A small cluster in which everything that placement looks at occurs; the same seed makes the same one. */
export function randomCluster(seed: number, options: RandomClusterOptions = {}): RandomCluster {
  const { maxNodes = 8, maxPods = 24 } = options;
  const dice = new Dice(seededRandom(seed).float);
  const nodes = Array.from({ length: dice.int(1, maxNodes) }, (_, index) => node(dice, index));
  const names = nodes.map(({ metadata }) => metadata.name!);
  const volumes = randomVolumes(dice, { namespaces, zones, nodes: names });
  const pods = Array.from({ length: dice.int(0, maxPods) }, (_, index) => {
    const placed = pod(dice, `p${index}`, { names, volumes });
    placed.spec!.nodeName = dice.pick(names);
    placed.status = {
      phase: "Running",
      startTime: `2026-01-01T00:${String(dice.int(10, 59))}:00Z`,
    };
    if (dice.chance(0.1)) resized(dice, placed);
    if (dice.chance(0.08)) placed.metadata.deletionTimestamp = "2026-01-01T01:00:00Z";
    return placed;
  });
  const pending = pod(dice, "pending", { names, volumes });
  pending.spec!.priority = dice.pick([0, 10, 100]);
  pending.status = { phase: "Pending" };
  if (dice.chance(0.03)) pending.spec!.preemptionPolicy = "Never";
  return { nodes, pods, pod: pending, others: [...others(dice), ...volumes.objects] };
}

/** A pod whose containers were given other amounts than they ask for now. */
function resized(dice: Dice, { spec, status }: Pod): void {
  const amounts = () => ({ cpu: dice.pick(["100m", "1"]), memory: dice.pick(["64Mi", "1Gi"]) });
  status!.containerStatuses = spec!.containers.map(({ name, image = "" }) => ({
    name,
    image,
    imageID: "",
    ready: true,
    restartCount: 0,
    ...(dice.chance(0.7) && { allocatedResources: amounts() }),
    ...(dice.chance(0.7) && { resources: { requests: amounts() } }),
  }));
  const reason = dice.pick(["Infeasible", "Deferred"]);
  if (dice.chance(0.4)) {
    status!.conditions = [{ type: "PodResizePending", status: "True", reason }];
  }
}

interface World {
  readonly names: readonly string[];
  readonly volumes: VolumeWorld;
}

function node(dice: Dice, index: number): Node {
  const name = `node-${index}`;
  const labels: Record<string, string> = {
    ...(dice.chance(0.95) && { "kubernetes.io/hostname": name }),
    ...(dice.chance(0.85) && { "topology.kubernetes.io/zone": dice.pick(zones) }),
    ...(dice.chance(0.6) && { disk: dice.pick(["ssd", "hdd"]) }),
    ...(dice.chance(0.5) && { rack: String(dice.int(1, 5)) }),
  };
  const allocatable = {
    cpu: dice.pick(["2", "3500m", "4", "8", "16"]),
    memory: dice.pick(["2Gi", "4096Mi", "8Gi", "16Gi"]),
    pods: String(dice.int(2, 12)),
    ...(dice.chance(0.8) && { "ephemeral-storage": dice.pick(["1Gi", "20Gi"]) }),
    ...(dice.chance(0.4) && { [gpu]: String(dice.int(0, 3)) }),
    ...(dice.chance(0.2) && { "hugepages-2Mi": "64Mi" }),
  };
  const taints = dice.some(0.2, 2, () => taint(dice));
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, uid: name, labels },
    spec: {
      ...(taints.length > 0 && { taints }),
      ...(dice.chance(0.08) && { unschedulable: true }),
    },
    status: {
      allocatable,
      capacity: allocatable,
      images: dice.some(0.4, 2, () => ({
        names: [dice.pick(images)],
        sizeBytes: dice.int(1, 3000) * 1_000_000,
      })),
      ...(dice.chance(0.5) && { declaredFeatures: ["RestartAllContainersOnContainerExits"] }),
    },
  };
}

function taint(dice: Dice): Taint {
  return {
    key: dice.pick(["dedicated", "quality"]),
    effect: dice.pick(["NoSchedule", "NoExecute", "PreferNoSchedule"] as const),
    ...(dice.chance(0.7) && { value: dice.pick(["x", "y"]) }),
  };
}

function pod(dice: Dice, name: string, world: World): Pod {
  const namespace = dice.pick(namespaces);
  const labels = {
    app: dice.pick(apps),
    ...(dice.chance(0.5) && { tier: dice.pick(["web", "db"]) }),
    ...(dice.chance(0.3) && { "pod-template-hash": dice.pick(["h1", "h2"]) }),
  };
  const volumes = world.volumes.of(namespace);
  const spec: PodSpec = {
    containers: [container(dice, "main"), ...dice.some(0.2, 1, () => container(dice, "side"))],
    priority: dice.pick([-5, 0, 0, 10, 100]),
    schedulerName: "default-scheduler",
    tolerations: dice.some(0.4, 2, () => toleration(dice)),
    ...(dice.chance(0.15) && { initContainers: initContainers(dice) }),
    ...(dice.chance(0.05) && { overhead: { cpu: "50m", memory: "16Mi" } }),
    ...(dice.chance(0.05) && { resources: { requests: { cpu: "1500m" } } }),
    ...(dice.chance(0.15) && { nodeSelector: { disk: dice.pick(["ssd", "hdd"]) } }),
    ...(volumes.length > 0 && { volumes }),
    ...(dice.chance(0.02) && { hostNetwork: true, hostUsers: false }),
  };
  if (dice.chance(0.3)) spec.affinity = affinity(dice, world);
  if (dice.chance(0.3)) spec.topologySpreadConstraints = constraints(dice);
  const owner = dice.chance(0.4) && { ownerReferences: [ownerReference(dice)] };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, uid: `uid-${name}`, labels, ...owner },
    spec,
  };
}

function ownerReference(dice: Dice) {
  const [apiVersion, kind] = dice.pick([
    ["apps/v1", "ReplicaSet"],
    ["v1", "ReplicationController"],
    ["apps/v1", "StatefulSet"],
  ]);
  const name = `set-${dice.pick(apps)}`;
  return { apiVersion: apiVersion!, kind: kind!, name, uid: name, controller: true };
}

function container(dice: Dice, name: string): Container {
  const requests = {
    ...(dice.chance(0.8) && { cpu: dice.pick(["50m", "100m", "250m", "1", "2"]) }),
    ...(dice.chance(0.8) && { memory: dice.pick(["64Mi", "128Mi", "500Mi", "1Gi"]) }),
    ...(dice.chance(0.1) && { "ephemeral-storage": dice.pick(["500Mi", "10Gi"]) }),
    ...(dice.chance(0.1) && { [gpu]: "1" }),
    ...(dice.chance(0.04) && { "hugepages-2Mi": "32Mi" }),
  };
  const hostPort = {
    containerPort: 80,
    hostPort: dice.pick([80, 8080]),
    protocol: dice.pick(["TCP", "UDP"] as const),
    ...(dice.chance(0.3) && { hostIP: dice.pick(["127.0.0.1", "0.0.0.0"]) }),
  };
  const restart = { action: "RestartAllContainers", exitCodes: { operator: "In", values: [42] } };
  return {
    name,
    image: dice.pick(["registry.test/app:1", "registry.test/tool", "plain", "other:2"]),
    resources: { requests },
    ...(dice.chance(0.1) && { ports: [hostPort] }),
    ...(dice.chance(0.03) && { restartPolicy: "Never", restartPolicyRules: [restart] }),
  };
}

function initContainers(dice: Dice): Container[] {
  return dice.some(0.8, 3, (index) => {
    const made = container(dice, `init-${index}`);
    return dice.chance(0.5) ? { ...made, restartPolicy: "Always" } : made;
  });
}

function toleration(dice: Dice): Toleration {
  const isAny = dice.chance(0.4);
  const key = dice.pick(["dedicated", "quality", "node.kubernetes.io/unschedulable"]);
  return {
    ...(!(isAny && dice.chance(0.2)) && { key }),
    operator: isAny ? "Exists" : "Equal",
    ...(!isAny && { value: dice.pick(["x", "y"]) }),
    ...(dice.chance(0.6) && {
      effect: dice.pick(["NoSchedule", "NoExecute", "PreferNoSchedule"] as const),
    }),
  };
}

function affinity(dice: Dice, { names }: World): NonNullable<PodSpec["affinity"]> {
  const required = () => dice.some(0.6, 2, () => affinityTerm(dice));
  const preferred = () =>
    dice.some(0.6, 2, () => ({ weight: dice.int(1, 100), podAffinityTerm: affinityTerm(dice) }));
  const terms = dice.some(0.8, 2, () => nodeTerm(dice, names));
  return {
    ...(dice.chance(0.4) && {
      nodeAffinity: {
        ...(dice.chance(0.6) && terms.length > 0 && {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
        }),
        preferredDuringSchedulingIgnoredDuringExecution: dice.some(0.6, 2, () => ({
          weight: dice.int(1, 100),
          preference: nodeTerm(dice, names),
        })),
      },
    }),
    ...(dice.chance(0.4) && {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: dice.chance(0.5) ? required() : [],
        preferredDuringSchedulingIgnoredDuringExecution: preferred(),
      },
    }),
    ...(dice.chance(0.5) && {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: dice.chance(0.5) ? required() : [],
        preferredDuringSchedulingIgnoredDuringExecution: preferred(),
      },
    }),
  };
}

function nodeTerm(dice: Dice, names: readonly string[]): NodeSelectorTerm {
  const numeric = () => ({
    key: "rack",
    operator: dice.pick(["Gt", "Lt"] as const),
    values: [String(dice.int(1, 5))],
  });
  const byName = {
    key: "metadata.name",
    operator: dice.pick(["In", "NotIn"] as const),
    values: [dice.pick(names)],
  };
  const expression = () => {
    const operator = dice.pick(["In", "NotIn", "Exists", "DoesNotExist"] as const);
    const key = dice.pick(["disk", "topology.kubernetes.io/zone"]);
    const values = key === "disk" ? ["ssd"] : [dice.pick(zones), dice.pick(zones)];
    return operator.endsWith("In") ? { key, operator, values } : { key, operator };
  };
  return {
    matchExpressions: dice.some(0.7, 2, () => dice.chance(0.2) ? numeric() : expression()),
    ...(dice.chance(0.12) && { matchFields: [byName] }),
  };
}

function selector(dice: Dice): LabelSelector {
  if (dice.chance(0.05)) return {};
  if (dice.chance(0.7)) return { matchLabels: { app: dice.pick(apps) } };
  return {
    matchExpressions: [
      dice.chance(0.5)
        ? { key: "tier", operator: dice.pick(["In", "NotIn"]), values: ["web"] }
        : { key: "tier", operator: dice.pick(["Exists", "DoesNotExist"]) },
    ],
  };
}

function affinityTerm(dice: Dice): PodAffinityTerm {
  const team = dice.chance(0.3) ? {} : { matchLabels: { team: dice.pick(["red", "blue"]) } };
  return {
    topologyKey: dice.pick(["kubernetes.io/hostname", "topology.kubernetes.io/zone", "rack"]),
    ...(dice.chance(0.95) && { labelSelector: selector(dice) }),
    ...(dice.chance(0.2) && { namespaces: [dice.pick(namespaces)] }),
    ...(dice.chance(0.2) && { namespaceSelector: team }),
  };
}

function constraints(dice: Dice): TopologySpreadConstraint[] {
  return dice.some(0.8, 3, () => ({
    maxSkew: dice.int(1, 3),
    topologyKey: dice.pick(["kubernetes.io/hostname", "topology.kubernetes.io/zone", "rack"]),
    whenUnsatisfiable: dice.pick(["DoNotSchedule", "ScheduleAnyway"] as const),
    ...(dice.chance(0.93) && { labelSelector: selector(dice) }),
    ...(dice.chance(0.2) && { minDomains: dice.int(1, 4) }),
    ...(dice.chance(0.3) && { nodeAffinityPolicy: dice.pick(["Honor", "Ignore"] as const) }),
    ...(dice.chance(0.3) && { nodeTaintsPolicy: dice.pick(["Honor", "Ignore"] as const) }),
    ...(dice.chance(0.2) && { matchLabelKeys: ["pod-template-hash"] }),
  }));
}

/** Namespaces, what owns and serves pods, and budgets. */
function others(dice: Dice): (readonly [Resource, KubeObject])[] {
  const made: (readonly [Resource, KubeObject])[] = [];
  const add = (resource: unknown, object: unknown) =>
    made.push([resource as Resource, object as KubeObject]);
  for (const name of namespaces) {
    const labels = { team: dice.pick(["red", "blue"]) };
    add(resources.namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
    for (const app of apps) {
      const metadata = { namespace: name, name: `set-${app}`, uid: `${name}-${app}` };
      const spec = { selector: { app } };
      if (dice.chance(0.3)) {
        add(resources.services, { apiVersion: "v1", kind: "Service", metadata, spec });
      }
      const sets = { selector: { matchLabels: { app } } };
      if (dice.chance(0.6)) {
        add(resources.replicasets, {
          apiVersion: "apps/v1",
          kind: "ReplicaSet",
          metadata,
          spec: sets,
        });
      }
      if (dice.chance(0.3)) {
        const kind = "ReplicationController";
        add(resources.replicationcontrollers, { apiVersion: "v1", kind, metadata, spec });
      }
      if (dice.chance(0.3)) {
        const kind = "StatefulSet";
        add(resources.statefulsets, { apiVersion: "apps/v1", kind, metadata, spec: sets });
      }
      if (dice.chance(0.3)) {
        add(resources.poddisruptionbudgets, {
          apiVersion: "policy/v1",
          kind: "PodDisruptionBudget",
          metadata,
          spec: sets,
          status: {
            disruptionsAllowed: dice.int(0, 2),
            currentHealthy: 1,
            desiredHealthy: 1,
            expectedPods: 1,
          },
        });
      }
    }
  }
  return made;
}
